// Signs in with viem, and reads what we hand out with Node's own cryptography; prints what it saw as one JSON object.
// Arguments: node_modules folder, JSON {key, domain, uri, statement, nonce, chainId, issuedAt, challenge, token, jwks}.
import { createPublicKey, verify } from 'node:crypto'
import { createRequire } from 'node:module'

const [modules, given] = process.argv.slice(2)
const require = createRequire(modules + '/')
const { privateKeyToAccount } = require('viem/accounts')
const { createSiweMessage, parseSiweMessage, validateSiweMessage } = require('viem/siwe')
const { parseSignature, serializeErc6492Signature, signatureToCompactSignature, serializeCompactSignature } = require('viem')

const input = JSON.parse(given)
const account = privateKeyToAccount(input.key)
const at = new Date(input.issuedAt)

// A message of viem's own making, with a nonce of ours.
const message = createSiweMessage({
  address: account.address,
  chainId: input.chainId,
  domain: input.domain,
  uri: input.uri,
  statement: input.statement,
  nonce: input.nonce,
  version: '1',
  issuedAt: at,
  expirationTime: new Date(at.getTime() + 60_000),
  notBefore: at,
  requestId: 'request-7',
  resources: ['https://example.com/my-web2-claim.json', 'ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/'],
})
const signature = await account.signMessage({ message })

// A message of ours, as viem understands it.
const parsed = parseSiweMessage(input.challenge)
const understood = validateSiweMessage({ message: parsed, address: account.address, domain: input.domain, nonce: parsed.nonce, time: at })
const challengeSignature = await account.signMessage({ message: input.challenge })

// A token of ours, by the published key.
const [head, body, sealed] = input.token.split('.')
const { kid, alg } = JSON.parse(Buffer.from(head, 'base64url'))
const key = createPublicKey({ key: input.jwks.keys.find((found) => found.kid === kid), format: 'jwk' })
const genuine = verify('sha256', Buffer.from(`${head}.${body}`), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(sealed, 'base64url'))

console.log(
  JSON.stringify({
    message,
    signature,
    understood,
    statement: parsed.statement,
    expires: parsed.expirationTime.toISOString(),
    compact: serializeCompactSignature(signatureToCompactSignature(parseSignature(challengeSignature))),
    wrapped: serializeErc6492Signature({ address: account.address, data: '0x0102', signature: '0x030405' }),
    alg,
    genuine,
    claims: JSON.parse(Buffer.from(body, 'base64url')),
  })
)
