// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ERC-7572: contract-level metadata
/// @dev The ERC names no ERC-165 id for it.
interface IERC7572 {
    /// @notice The JSON behind `contractURI()` changed.
    event ContractURIUpdated();

    /// @notice Where the JSON that describes the whole collection is.
    function contractURI() external view returns (string memory);
}
