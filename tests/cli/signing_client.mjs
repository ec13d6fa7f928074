// A second implementation of docs/protocol/signatures.md and docs/format/capability.md, on Node's own HTTP and
// cryptography. It shares no code with the library.
//
//   node signing_client.mjs did SEED
//   node signing_client.mjs delegate SEED TO_DID read|write SECONDS        the text of a capability
//   node signing_client.mjs send SEED METHOD URL [options as JSON]         one JSON line: status, headers, body
//
// SEED is 64 hex digits. Options: headers, body, capability, and for tests of refusals: mutate (fields that are replaced
// after signing), repeat (sends the same request once more and tells that answer).
import { createHash, createPrivateKey, createPublicKey, randomBytes, sign } from 'node:crypto';
import http from 'node:http';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

function base58(bytes) {
  let number = BigInt('0x' + bytes.toString('hex'));
  let text = '';
  for (; number > 0n; number /= 58n) text = ALPHABET[Number(number % 58n)] + text;
  for (let i = 0; bytes[i] === 0; ++i) text = '1' + text;
  return text;
}

function fromBase58(text) {
  let number = 0n;
  for (const digit of text) number = number * 58n + BigInt(ALPHABET.indexOf(digit));
  return Buffer.from(number.toString(16).padStart(68, '0'), 'hex');
}

function keyOf(seed) {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(seed, 'hex')]);
  const secret = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const bytes = createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(-32);
  return { secret, bytes, did: 'did:key:z' + base58(Buffer.concat([Buffer.from([0xed, 0x01]), bytes])) };
}

function delegate(key, audience, access, seconds) {
  const now = Math.floor(Date.now() / 1000);
  const times = Buffer.alloc(16);
  times.writeBigUInt64LE(BigInt(now - 60), 0);
  times.writeBigUInt64LE(BigInt(now + seconds), 8);
  const unsigned = Buffer.concat([Buffer.from([1]), key.bytes, fromBase58(audience.slice('did:key:z'.length)).subarray(2),
    Buffer.from([access === 'write' ? 2 : 1]), times, randomBytes(16)]);
  const signature = sign(null, Buffer.concat([Buffer.from('dialog capability 1\n'), unsigned]), key.secret);
  return Buffer.concat([unsigned, signature]).toString('base64');
}

// Field names in lower case. Adds Content-Digest, Signature-Input and Signature.
function signed(key, method, url, fields, body, prefix, offset) {
  const headers = { ...fields };
  if (body) headers['content-digest'] = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
  const derived = { '@method': method, '@authority': url.host.toLowerCase(), '@path': url.pathname, '@query': url.search || '?' };
  const names = [...Object.keys(derived),
    ...['content-type', 'content-digest', 'if-match', 'if-none-match', 'last-event-id', 'dialog-capability']
      .filter((name) => name in headers)];
  const created = Math.floor(Date.now() / 1000) + offset;
  const parameters = `(${names.map((name) => `"${name}"`).join(' ')});created=${created};expires=${created + 60}` +
    `;nonce="${prefix}${randomBytes(16).toString('hex')}";keyid="${key.did}";alg="ed25519";tag="dialog-remote"`;
  const base = names.map((name) => `"${name}": ${derived[name] ?? headers[name]}\n`).join('') +
    `"@signature-params": ${parameters}`;
  headers['signature-input'] = `node=${parameters}`;
  headers['signature'] = `node=:${sign(null, Buffer.from(base), key.secret).toString('base64')}:`;
  return headers;
}

function exchange(method, url, headers, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers: { ...headers, ...(body ? { 'content-length': Buffer.byteLength(body) } : {}) } },
      (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() }));
      });
    request.on('error', reject);
    request.end(body);
  });
}

async function send(key, method, address, options) {
  const url = new URL(address);
  const fields = { ...options.headers, ...(options.capability ? { 'dialog-capability': options.capability } : {}) };
  let prefix = '';
  let offset = 0;
  for (let attempt = 0; ; ++attempt) {
    const headers = { ...signed(key, method, url, fields, options.body, prefix, offset), ...options.mutate };
    let answer = await exchange(method, url, headers, options.body);
    const challenge = /Signature [^,]*, nonce-prefix="([^"]*)", time="(\d+)"/.exec(answer.headers['www-authenticate'] ?? '');
    if (answer.status === 401 && challenge && attempt === 0) {
      prefix = challenge[1];
      offset = Number(challenge[2]) - Math.floor(Date.now() / 1000);
      continue;
    }
    if (options.repeat) answer = await exchange(method, url, headers, options.body);
    return answer;
  }
}

const [verb, seed, ...rest] = process.argv.slice(2);
const key = keyOf(seed);
if (verb === 'did') {
  console.log(key.did);
} else if (verb === 'delegate') {
  console.log(delegate(key, rest[0], rest[1], Number(rest[2])));
} else {
  console.log(JSON.stringify(await send(key, rest[0], rest[1], JSON.parse(rest[2] ?? '{}'))));
}
