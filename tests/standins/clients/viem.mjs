// Does with viem what a front end does with a chain; prints what it saw as one JSON object.
// Arguments: node_modules folder, RPC URL, contract address, ABI as JSON, private key of a funded account.
import { createRequire } from 'node:module'

const [modules, url, contract, abiJson, key] = process.argv.slice(2)
const require = createRequire(modules + '/')
const { createPublicClient, createWalletClient, http, parseGwei } = require('viem')
const { privateKeyToAccount } = require('viem/accounts')
const { foundry } = require('viem/chains')

const abi = JSON.parse(abiJson)
const account = privateKeyToAccount(key)
const client = createPublicClient({ chain: foundry, transport: http(url, { batch: true }) })
const wallet = createWalletClient({ account, chain: foundry, transport: http(url) })

const [chainId, block, balance] = await Promise.all([
  client.getChainId(),
  client.getBlock({ blockTag: 'latest' }),
  client.getBalance({ address: account.address, blockTag: 'finalized' }),
])
const signed = await wallet.signTransaction(
  await wallet.prepareTransactionRequest({ to: account.address, value: 1n, maxPriorityFeePerGas: parseGwei('1') })
)
const sent = await client.waitForTransactionReceipt({ hash: await client.sendRawTransaction({ serializedTransaction: signed }) })
const hash = await wallet.writeContract({ address: contract, abi, functionName: 'set', args: [3n, 33n] })
const written = await client.waitForTransactionReceipt({ hash })
const value = await client.readContract({ address: contract, abi, functionName: 'value' })
const old = await client.readContract({ address: contract, abi, functionName: 'value', blockNumber: written.blockNumber - 1n })
const logs = await client.getContractEvents({ address: contract, abi, eventName: 'Stored', blockHash: written.blockHash })
const refusal = await client
  .simulateContract({ address: contract, abi, functionName: 'set', args: [1n, 2000n], account })
  .catch((error) => error.walk((cause) => cause.data?.errorName).data)

process.stdout.write(
  JSON.stringify({
    chainId,
    block: block.hash,
    balance: balance.toString(),
    sent: sent.status,
    sentBlock: Number(sent.blockNumber),
    written: written.status,
    value: Number(value),
    old: Number(old),
    log: logs.map((log) => [log.args.by, Number(log.args.key), Number(log.args.value)]),
    refusal: [refusal.errorName, ...refusal.args.map(Number)],
  })
)
