"""The embedded chain: py-evm served as Ethereum JSON-RPC on loopback, kept in one SQLite file. For developers only."""
