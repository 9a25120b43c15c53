// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// Touches what the behaviour suite of the chains asks about.
contract Probe {
    event Stored(address indexed by, uint256 indexed key, uint256 value);
    event Noted(string text);

    error TooLarge(uint256 given, uint256 most);

    uint256 public value; // slot 0
    mapping(uint256 => uint256) public values; // slot 1

    constructor(uint256 initial) payable {
        value = initial;
    }

    function set(uint256 key, uint256 given) external {
        if (given > 1000) revert TooLarge(given, 1000);
        value = given;
        values[key] = given;
        emit Stored(msg.sender, key, given);
    }

    function note(string calldata text) external {
        emit Noted(text);
        emit Noted(text);
    }

    function refuse(string calldata reason) external pure {
        revert(reason);
    }

    function divide(uint256 a, uint256 b) external pure returns (uint256) {
        return a / b;
    }

    function context()
        external
        view
        returns (uint256 number, uint256 time, uint256 fee, uint256 price, uint256 chain, bytes32 parent)
    {
        return (block.number, block.timestamp, block.basefee, tx.gasprice, block.chainid, blockhash(block.number - 1));
    }

    /// Calls itself `depth` times.
    function dig(uint256 depth) external view returns (uint256) {
        return depth == 0 ? 0 : 1 + this.dig(depth - 1);
    }

    /// Cancun: transient storage and MCOPY.
    function fresh(uint256 given) external returns (uint256 got) {
        assembly {
            tstore(7, given)
            mstore(0x80, tload(7))
            mcopy(0xa0, 0x80, 32)
            got := mload(0xa0)
        }
    }
}
