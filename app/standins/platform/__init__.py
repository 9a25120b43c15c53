"""The stand-in agent platform: the gateway's `/api/agents/*` on loopback, spoken exactly, for developers only.

Everything is in memory: budgets, usage totals, rate limits, idempotency keys, stream buffers, signing keys and the
journal of requests survive nothing. A restart is a new month, a new key pair and an empty buffer.
"""
