// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {ERC2981} from "@openzeppelin/contracts/token/common/ERC2981.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {IERC7572} from "./IERC7572.sol";

/// @title AgentNFT: a collection of agents that are ready before they can be minted
/// @notice An agent's personality, media and document are prepared and published first. A commit then raises
/// `covered`, and only ids below `covered` can be minted, whoever sends the transaction.
///
/// Agents follow from the personality pack, the supply, the token id and one seed; nothing else. An open collection has
/// its seed from the start: the constructor takes the seed's hash, so that nobody can exchange it. A blind collection
/// has none until its minting is over: `close()` ends minting for ever and names a block that is still to come,
/// `capture()` writes down that block's hash, and the seed is SHA-256(packHash ‖ capturedHash). No secret of anybody goes
/// into it. What that does and does not protect from is said at `close` and `capture`.
///
/// Standards: ERC-721 with metadata, ERC-165, ERC-2981, ERC-4906, ERC-5313 (`owner()`), ERC-7572.
///
/// Roles. The default admin (one account, moved in two steps with a delay) is also `owner()`: it grants roles, sets
/// origin and royalty, ends a pause, and closes a blind collection. COMMITTER may only commit. MINTER may only mint covered ids. PAUSER may only
/// stop minting. No role can move, burn or withhold a holder's token.
///
/// ERC-4906 events come only when the JSON behind a token changes; minting and burning emit none.
contract AgentNFT is ERC721, ERC2981, AccessControlDefaultAdminRules, IERC4906, IERC7572 {
    using BitMaps for BitMaps.BitMap;

    /// @notice What the constructor needs. Roles given to the zero address are given to nobody.
    struct Setup {
        string name;
        string symbol;
        /// Public root of all hosted URIs, for example `https://agents.example`; see `setOrigin`.
        string origin;
        /// Number of ids, 1 to 2^20; ids run from 0 to supply - 1.
        uint32 supply;
        /// Hash of the personality pack that agents are born with; not zero.
        bytes32 packHash;
        /// SHA-256 of the collection seed (32 bytes); zero makes a blind collection.
        bytes32 seedHash;
        /// Holder of the default admin role and `owner()`.
        address admin;
        /// Seconds that a change of the default admin has to wait.
        uint48 adminDelay;
        address committer;
        address minter;
        address pauser;
        /// ERC-2981 receiver; must not be zero unless `royaltyBps` is zero too.
        address royaltyReceiver;
        /// ERC-2981 royalty in hundredths of a percent.
        uint96 royaltyBps;
    }

    /// @notice Ids `first` to `last`, both included.
    struct Range {
        uint32 first;
        uint32 last;
    }

    /// @dev Everything a mint, a commit or a close reads and writes, in one storage slot (all 256 bits).
    struct Head {
        /// Number of the last commit; 0 before the first.
        uint64 number;
        /// Unix time of the block of the last commit.
        uint40 time;
        /// Ids below this are ready.
        uint32 covered;
        /// Mints ever made.
        uint32 minted;
        /// Burns ever made.
        uint32 burned;
        bool mintPaused;
        /// Block whose hash the seed comes from; 0 until a blind collection is closed.
        uint48 revealBlock;
    }

    /// @notice May call `commit`, nothing else.
    bytes32 public constant COMMITTER = keccak256("COMMITTER");
    /// @notice May call `mint` and `mintBatch`, nothing else.
    bytes32 public constant MINTER = keccak256("MINTER");
    /// @notice May call `pauseMint`, nothing else.
    bytes32 public constant PAUSER = keccak256("PAUSER");

    /// @notice The largest supply a collection can have.
    uint32 public constant MAX_SUPPLY = 1 << 20;
    /// @notice The longest origin in bytes.
    uint256 public constant MAX_ORIGIN_LENGTH = 200;
    /// @notice The most ranges that one commit can name.
    uint256 public constant MAX_RANGES = 8;
    /// @notice Blocks from `close` to the block whose hash the seed comes from.
    /// @dev Ethereum knows who proposes which slot for the rest of the present epoch and the next one (EIP-7917), which
    /// is at most 63 slots ahead. A block takes at least a slot, so nobody who closes knows who will make the reveal
    /// block. Nor is it far: 13 minutes there, 2 on a chain with a block every two seconds.
    uint256 public constant REVEAL_DELAY = 64;

    /// @dev EIP-2935: holds the hashes of the last 8191 blocks. BLOCKHASH reaches back 256.
    address private constant _HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;

    /// @notice Number of ids of this collection, fixed for ever.
    uint32 public immutable supply;
    /// @notice Hash of the personality pack, fixed for ever.
    bytes32 public immutable packHash;
    /// @notice SHA-256 of the seed of an open collection, fixed for ever; zero for a blind one.
    bytes32 public immutable seedHash;

    /// @notice Hash of the reveal block of a blind collection; zero until `capture`, fixed for ever from then on.
    bytes32 public capturedHash;

    Head private _head;
    string private _origin;
    BitMaps.BitMap private _burned;

    /// @notice Commit `number` was made; ids below `covered` may be minted from now on.
    event Committed(uint64 indexed number, uint32 covered);
    /// @notice Minting has ended for ever; the seed will come from the hash of block `revealBlock`.
    event Closed(uint256 revealBlock);
    /// @notice Nobody captured the hash of block `missed` in time; the seed will come from `revealBlock` instead.
    event RevealMoved(uint256 missed, uint256 revealBlock);
    /// @notice The seed is fixed: SHA-256(packHash ‖ hash), where `hash` is that of block `revealBlock`.
    event Captured(uint256 revealBlock, bytes32 hash);
    /// @notice Minting was stopped by `account`.
    event MintPaused(address account);
    /// @notice Minting was allowed again by `account`.
    event MintUnpaused(address account);
    /// @notice ERC-173: `owner()` changed.
    event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);

    /// @notice The supply must be from 1 to MAX_SUPPLY.
    error InvalidSupply(uint32 supply);
    /// @notice A collection without a pack would promise nothing about its agents.
    error InvalidPackHash();
    /// @notice The origin is empty, too long, ends in a slash, or holds a byte that does not belong in it.
    error InvalidOrigin();
    /// @notice The origin given is the present one: no JSON would change.
    error OriginUnchanged();
    /// @notice Commits are dense: the next one has number `expected`.
    error CommitOutOfOrder(uint64 expected, uint64 given);
    /// @notice `covered` may not go down.
    error CoveredDecreases(uint32 current, uint32 given);
    /// @notice `covered` may not exceed the supply.
    error CoveredExceedsSupply(uint32 supply, uint32 given);
    /// @notice A commit names at most MAX_RANGES ranges.
    error TooManyRanges(uint256 given);
    /// @notice The range ends before it starts, reaches up to `covered` or beyond, or does not lie wholly after the one
    /// before it.
    error InvalidRange(uint32 first, uint32 last);
    /// @notice `tokenId` is not ready: it is not below `covered`.
    error NotCovered(uint256 tokenId, uint32 covered);
    /// @notice `tokenId` exists already.
    error AlreadyMinted(uint256 tokenId);
    /// @notice `tokenId` was burned and can not come back.
    error AlreadyBurned(uint256 tokenId);
    /// @notice A batch needs at least one receiver.
    error EmptyBatch();
    /// @notice The collection was closed: nothing is minted any more.
    error MintIsClosed();
    /// @notice An open collection has its seed already and is never closed.
    error NotBlind();
    /// @notice The collection was closed before.
    error AlreadyClosed();
    /// @notice There is no reveal block before the collection is closed.
    error NotClosed();
    /// @notice The hash of block `revealBlock` can be captured in a later block only.
    error RevealNotReached(uint256 revealBlock);
    /// @notice The hash was captured before.
    error AlreadyCaptured();
    /// @notice Minting is paused.
    error MintIsPaused();
    /// @notice Minting is not paused.
    error MintIsNotPaused();

    /// @param setup See `Setup`. Emits OwnershipTransferred from the zero address, and RoleGranted for each role.
    constructor(
        Setup memory setup
    ) ERC721(setup.name, setup.symbol) AccessControlDefaultAdminRules(setup.adminDelay, setup.admin) {
        if (setup.supply == 0 || setup.supply > MAX_SUPPLY) revert InvalidSupply(setup.supply);
        supply = setup.supply;
        if (setup.packHash == 0) revert InvalidPackHash();
        packHash = setup.packHash;
        seedHash = setup.seedHash;
        _checkOrigin(setup.origin);
        _origin = setup.origin;
        if (setup.royaltyReceiver != address(0) || setup.royaltyBps != 0) {
            _setDefaultRoyalty(setup.royaltyReceiver, setup.royaltyBps);
        }
        if (setup.committer != address(0)) _grantRole(COMMITTER, setup.committer);
        if (setup.minter != address(0)) _grantRole(MINTER, setup.minter);
        if (setup.pauser != address(0)) _grantRole(PAUSER, setup.pauser);
        emit OwnershipTransferred(address(0), setup.admin);
    }

    // --- commit ---------------------------------------------------------------------------------------------------

    /// @notice Record commit `number` and raise `covered`. Numbers are dense, so that sending a commit twice reverts
    /// and changes nothing.
    /// @param number Must be the last number plus one.
    /// @param covered_ From the present `covered` to the supply; the same value again is allowed.
    /// @param changed Ids whose JSON is another one from now on: at most MAX_RANGES ranges below `covered_`, in rising
    /// order, none touching an id twice. Each becomes one ERC-4906 event. Ids that were never minted may be among them.
    function commit(uint64 number, uint32 covered_, Range[] calldata changed) external onlyRole(COMMITTER) {
        Head memory current = _head;
        if (number != current.number + 1) revert CommitOutOfOrder(current.number + 1, number);
        if (covered_ < current.covered) revert CoveredDecreases(current.covered, covered_);
        if (covered_ > supply) revert CoveredExceedsSupply(supply, covered_);
        current.number = number;
        current.time = uint40(block.timestamp);
        current.covered = covered_;
        _head = current;
        emit Committed(number, covered_);
        _announce(changed, covered_);
    }

    /// @dev ERC-4906 events for ids below `end`; reverts for ranges that make no sense.
    function _announce(Range[] calldata changed, uint256 end) private {
        uint256 count = changed.length;
        if (count > MAX_RANGES) revert TooManyRanges(count);
        uint256 free; // the first id that the next range may name
        for (uint256 i; i < count; ++i) {
            Range calldata range = changed[i];
            uint256 first = range.first;
            uint256 last = range.last;
            if (first < free || last < first || last >= end) revert InvalidRange(range.first, range.last);
            if (first == last) emit MetadataUpdate(first);
            else emit BatchMetadataUpdate(first, last);
            unchecked {
                free = last + 1;
            }
        }
    }

    /// @notice The last commit: its number (0 before the first), the Unix time of its block, and `covered`.
    function head() external view returns (uint64 number, uint64 time, uint32 covered_) {
        return (_head.number, _head.time, _head.covered);
    }

    /// @notice Ids below this are ready and may be minted.
    function covered() external view returns (uint32) {
        return _head.covered;
    }

    // --- the seed of a blind collection --------------------------------------------------------------------------

    /// @notice End the minting of a blind collection for ever, and take the seed from the block REVEAL_DELAY blocks on.
    /// No one can undo it, or know now what that block's hash will be.
    ///
    /// What this does not protect from: whoever makes the reveal block sees its hash first, and can try other contents
    /// until the hash suits them. On a chain with one sequencer that is the sequencer; elsewhere it is the builder who
    /// wins that slot, not known at the time of closing. They can shift which id gets what, not how much there is of
    /// what, which follows from the supply; and they can not mint any more.
    ///
    /// Collections of one pack that get the same reveal block get the same seed: close them in different blocks.
    function close() external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (!blind()) revert NotBlind();
        if (_head.revealBlock != 0) revert AlreadyClosed();
        emit Closed(_fixRevealBlock());
    }

    /// @notice Write down the hash of the reveal block, which is what the seed is made of. Anyone may, once that block is
    /// past, and as long as the chain knows its hash: 8191 blocks with EIP-2935, 256 without. After that a new reveal
    /// block is fixed, REVEAL_DELAY blocks on, and an event says so.
    ///
    /// So a hash that somebody does not like is replaced only if nobody at all captures it for that long: one transaction
    /// of anybody prevents it. Use the hash once the block of this transaction is final: a reorganisation that replaces
    /// the reveal block replaces the seed too.
    function capture() external {
        uint256 number = _head.revealBlock;
        if (number == 0) revert NotClosed();
        if (capturedHash != 0) revert AlreadyCaptured();
        if (block.number <= number) revert RevealNotReached(number);
        bytes32 found = _hashOf(number);
        if (found == 0) {
            emit RevealMoved(number, _fixRevealBlock());
        } else {
            capturedHash = found;
            emit Captured(number, found);
        }
    }

    /// @notice Whether the seed comes after minting (true) or was there from the start.
    function blind() public view returns (bool) {
        return seedHash == 0;
    }

    /// @notice The block whose hash the seed comes from; 0 until the collection is closed, and so always for an open one.
    /// It changes only when that hash was lost; see `capture`.
    function revealBlock() external view returns (uint256) {
        return _head.revealBlock;
    }

    function _fixRevealBlock() private returns (uint256 number) {
        number = block.number + REVEAL_DELAY;
        _head.revealBlock = uint48(number);
    }

    /// @dev Hash of a past block, or zero when it can not be known any more. The history is believed only where it says
    /// the same as BLOCKHASH about the parent: there are chains that count something else in `block.number` than in it.
    function _hashOf(uint256 number) private view returns (bytes32 found) {
        found = blockhash(number);
        if (found == 0 && _remembered(block.number - 1) == blockhash(block.number - 1)) found = _remembered(number);
    }

    /// @dev What EIP-2935's contract says; zero when it says nothing, or when there is no such contract. A caller can not
    /// make a new reveal block by giving too little gas for this call: the 64th part that is left does not pay for the
    /// rest.
    function _remembered(uint256 number) private view returns (bytes32) {
        (bool answered, bytes memory answer) = _HISTORY.staticcall(abi.encode(number));
        return answered && answer.length == 32 ? bytes32(answer) : bytes32(0);
    }

    // --- mint and burn --------------------------------------------------------------------------------------------

    /// @notice Mint one token. The receiver is not called, so nothing can re-enter.
    function mint(address to, uint256 tokenId) external onlyRole(MINTER) {
        Head memory current = _mintable(tokenId, 1);
        _head.minted = current.minted + 1;
        _create(to, tokenId, current.burned != 0);
    }

    /// @notice Mint ids `first`, `first + 1`, … to `receivers`, in order; all of them or none.
    function mintBatch(address[] calldata receivers, uint256 first) external onlyRole(MINTER) {
        uint256 count = receivers.length;
        if (count == 0) revert EmptyBatch();
        Head memory current = _mintable(first, count);
        // Cannot overflow: count is at most `covered`, and no id is minted twice.
        _head.minted = current.minted + uint32(count);
        bool someBurned = current.burned != 0;
        for (uint256 i; i < count; ++i) {
            _create(receivers[i], first + i, someBurned);
        }
    }

    /// @notice Destroy a token for good; its id can not be minted again. By its owner or an approved account.
    function burn(uint256 tokenId) external {
        _update(address(0), tokenId, _msgSender());
        _burned.set(tokenId);
        ++_head.burned;
    }

    /// @notice Tokens in existence: mints less burns. (The number of ids is `supply`.)
    function totalSupply() external view returns (uint256) {
        return _head.minted - _head.burned;
    }

    /// @notice Whether the token existed and was burned.
    function burned(uint256 tokenId) external view returns (bool) {
        return _burned.get(tokenId);
    }

    /// @notice Stop minting. Transfers, burns and commits go on.
    function pauseMint() external onlyRole(PAUSER) {
        if (_head.mintPaused) revert MintIsPaused();
        _head.mintPaused = true;
        emit MintPaused(_msgSender());
    }

    /// @notice Allow minting again. Only the admin: the key that stops things fast can not start them.
    function unpauseMint() external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (!_head.mintPaused) revert MintIsNotPaused();
        _head.mintPaused = false;
        emit MintUnpaused(_msgSender());
    }

    /// @notice Whether minting is stopped.
    function mintPaused() external view returns (bool) {
        return _head.mintPaused;
    }

    /// @dev Reverts unless minting is on, not closed, and all of first … first + count - 1 are covered.
    function _mintable(uint256 first, uint256 count) private view returns (Head memory current) {
        current = _head;
        if (current.revealBlock != 0) revert MintIsClosed();
        if (current.mintPaused) revert MintIsPaused();
        if (first >= current.covered) revert NotCovered(first, current.covered);
        if (count > current.covered - first) revert NotCovered(current.covered, current.covered);
    }

    /// @dev ERC721's plain mint with errors that name the token. The bitmap is read only if anything was ever burned.
    function _create(address to, uint256 tokenId, bool someBurned) private {
        if (to == address(0)) revert ERC721InvalidReceiver(address(0));
        if (someBurned && _burned.get(tokenId)) revert AlreadyBurned(tokenId);
        if (_update(to, tokenId, address(0)) != address(0)) revert AlreadyMinted(tokenId);
    }

    // --- documents ------------------------------------------------------------------------------------------------

    /// @notice Where the token's JSON is: `{origin}/{chain id}/{this contract in lower case}/{tokenId}`.
    /// Reverts for a token that does not exist.
    function tokenURI(uint256 tokenId) public view override returns (string memory) {
        _requireOwned(tokenId);
        return string.concat(contractURI(), "/", Strings.toString(tokenId));
    }

    /// @inheritdoc IERC7572
    function contractURI() public view returns (string memory) {
        return
            string.concat(_origin, "/", Strings.toString(block.chainid), "/", Strings.toHexString(address(this)));
    }

    /// @notice Public root of all hosted URIs, without a slash at its end.
    function origin() external view returns (string memory) {
        return _origin;
    }

    /// @notice Move all hosted URIs. Documents hold absolute links, so every JSON changes, and the events say so.
    /// @param origin_ Scheme and host, with a path if need be: 1 to 200 printable ASCII bytes without space, quote,
    /// backslash, angle bracket, `?` or `#`, and without a slash at the end.
    function setOrigin(string calldata origin_) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _checkOrigin(origin_);
        if (Strings.equal(_origin, origin_)) revert OriginUnchanged();
        _origin = origin_;
        emit BatchMetadataUpdate(0, type(uint256).max);
        emit ContractURIUpdated();
    }

    /// @notice Set the ERC-2981 royalty of all tokens.
    /// @param receiver Not zero.
    /// @param bps Hundredths of a percent, at most 10,000.
    function setRoyalty(address receiver, uint96 bps) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setDefaultRoyalty(receiver, bps);
    }

    /// @dev A query, a fragment or a quote in the origin would break every URI made from it.
    function _checkOrigin(string memory candidate) private pure {
        bytes memory text = bytes(candidate);
        uint256 length = text.length;
        if (length == 0 || length > MAX_ORIGIN_LENGTH || text[length - 1] == "/") revert InvalidOrigin();
        for (uint256 i; i < length; ++i) {
            bytes1 c = text[i];
            if (c <= 0x20 || c >= 0x7f) revert InvalidOrigin();
            if (c == '"' || c == "\\" || c == "<" || c == ">" || c == "?" || c == "#") revert InvalidOrigin();
        }
    }

    // --- ownership and interfaces ---------------------------------------------------------------------------------

    /// @inheritdoc AccessControlDefaultAdminRules
    /// @dev Renouncing the default admin role leaves the collection without an owner; ERC-173 readers are told.
    function renounceRole(bytes32 role, address account) public override(AccessControlDefaultAdminRules) {
        address before = owner();
        super.renounceRole(role, account);
        if (owner() != before) emit OwnershipTransferred(before, owner());
    }

    /// @dev The second step of an admin transfer; `owner()` follows, and ERC-173 readers are told.
    function _acceptDefaultAdminTransfer() internal override {
        address before = owner();
        super._acceptDefaultAdminTransfer();
        emit OwnershipTransferred(before, owner());
    }

    /// @inheritdoc IERC165
    function supportsInterface(
        bytes4 interfaceId
    ) public view override(ERC721, ERC2981, AccessControlDefaultAdminRules, IERC165) returns (bool) {
        // ERC-4906 has events only; the ERC itself names this id.
        return interfaceId == bytes4(0x49064906) || super.supportsInterface(interfaceId);
    }
}
