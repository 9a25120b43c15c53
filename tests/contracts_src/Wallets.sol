// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// A contract account of one key (ERC-1271), which may be handed over.
contract Wallet {
    address public owner;

    constructor(address first) {
        owner = first;
    }

    function hand(address next) external {
        require(msg.sender == owner);
        owner = next;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        if (signature.length != 65) return 0xffffffff;
        address signer = ecrecover(hash, uint8(signature[64]), bytes32(signature[:32]), bytes32(signature[32:64]));
        return signer != address(0) && signer == owner ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
    }
}

/// Makes wallets at addresses known before (CREATE2); making one again is no error.
contract WalletFactory {
    function make(address owner, bytes32 salt) external returns (address made) {
        made = find(owner, salt);
        if (made.code.length == 0) new Wallet{salt: salt}(owner);
    }

    function find(address owner, bytes32 salt) public view returns (address) {
        bytes32 code = keccak256(abi.encodePacked(type(Wallet).creationCode, abi.encode(owner)));
        return address(uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), address(this), salt, code)))));
    }
}

/// What the key of an EIP-7702 account may delegate to: takes one fixed signature besides.
contract Delegate {
    function isValidSignature(bytes32, bytes calldata signature) external pure returns (bytes4) {
        return keccak256(signature) == keccak256("passkey") ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
    }
}

/// A wallet that says yes while anybody has rung its bell: the state a verdict depends on is somebody else's.
contract Doorman {
    bool public rung;

    function ring() external {
        rung = true;
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        return rung ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
    }
}

/// Wallets that answer in every way that is not yes. The signature's first byte picks how.
contract Odd {
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        uint8 how = uint8(signature[0]);
        bytes32 yes = bytes32(bytes4(0x1626ba7e));
        if (how == 1) revert("no");
        if (how == 2) assembly { mstore(0, yes) return(0, 4) } // too short
        if (how == 3) assembly { mstore(0, or(yes, 1)) return(0, 32) } // dirty
        if (how == 4) assembly { mstore(0, 1) return(0, 32) } // a bool, as before ERC-1271 was final
        if (how == 5) assembly { return(0, 0) }
        if (how == 6) assembly { invalid() }
        if (how == 7) assembly { for { } 1 { } { pop(keccak256(0, 4096)) } } // as long as there is gas
        if (how == 8) assembly { mstore(0, yes) revert(0, 32) } // says yes, and fails
        if (how == 9) assembly { mstore(0, hash) return(0, 32) } // echoes
        if (how == 10) assembly { return(0, 100000) } // too long, and zero
        return 0xffffffff;
    }
}
