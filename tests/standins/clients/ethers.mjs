// Does with ethers what a script does with a chain; prints what it saw as one JSON object.
// Arguments: node_modules folder, RPC URL, contract address, ABI as JSON, private key of a funded account.
import { createRequire } from 'node:module'

const [modules, url, contract, abiJson, key] = process.argv.slice(2)
const require = createRequire(modules + '/')
const { Contract, JsonRpcProvider, Wallet } = require('ethers')

// Without cacheTimeout -1 ethers would reuse a nonce it read up to 250 ms ago; this chain mines faster than that.
const provider = new JsonRpcProvider(url, undefined, { pollingInterval: 50, cacheTimeout: -1 })
const wallet = new Wallet(key, provider)
const probe = new Contract(contract, JSON.parse(abiJson), wallet)

const chainId = Number((await provider.getNetwork()).chainId)
const block = await provider.getBlock('latest')
const balance = await provider.getBalance(wallet.address, 'finalized')
const signed = await wallet.signTransaction(await wallet.populateTransaction({ to: wallet.address, value: 1n }))
const sent = await (await provider.broadcastTransaction(signed)).wait()
const written = await (await probe.set(4n, 44n)).wait()
const value = await probe.value()
const old = await probe.value({ blockTag: written.blockNumber - 1 })
const logs = await probe.queryFilter(probe.filters.Stored(wallet.address), written.blockNumber, written.blockNumber)
const refusal = await probe.set.staticCall(1n, 2000n).catch((error) => error.revert)
provider.destroy()

process.stdout.write(
  JSON.stringify({
    chainId,
    block: block.hash,
    balance: balance.toString(),
    sent: sent.status === 1 ? 'success' : 'reverted',
    sentBlock: sent.blockNumber,
    written: written.status === 1 ? 'success' : 'reverted',
    value: Number(value),
    old: Number(old),
    log: logs.map((log) => [log.args.by, Number(log.args.key), Number(log.args.value)]),
    refusal: [refusal.name, ...refusal.args.map(Number)],
  })
)
