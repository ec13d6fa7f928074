// Makes tests/golden/capability.txt after docs/format/capability.md, sharing no code with the library.
// node make_capability.mjs > capability.txt; needs b3sum.
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { execFileSync } from 'node:child_process';

const keyOf = (byte) => {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, byte)]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
};
const publicBytes = (key) => createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
const time = (seconds) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(seconds));
  return bytes;
};
const blake3 = (bytes) => execFileSync('b3sum', ['--no-names'], { input: bytes }).toString().trim();

const chains = [
  [1, [2, 'read', 0, 1, 0x11]],
  [1, [2, 'write', 1700000000, 1734560000, 0x22]],
  [1, [2, 'write', 1700000000, 1734560000, 0x33], [3, 'read', 1700000100, 1700003600, 0x44]],
  [9, [8, 'write', 100, 1000, 0], [7, 'write', 100, 1000, 1], [6, 'write', 200, 900, 2], [5, 'read', 300, 800, 3]],
];

console.log('# Capabilities: the byte that fills the subject\'s seed; for each link the byte that fills its audience\'s');
console.log('# seed, the access, both times and the byte that fills its nonce, by commas, links by semicolons; the whole; the id.');
for (const [subject, ...links] of chains) {
  let issuer = keyOf(subject);
  let bytes = Buffer.concat([Buffer.from([1]), publicBytes(issuer)]);
  let signed;
  for (const [audience, access, from, until, nonce] of links) {
    bytes = Buffer.concat([bytes, publicBytes(keyOf(audience)), Buffer.from([access === 'read' ? 1 : 2]),
      time(from), time(until), Buffer.alloc(16, nonce)]);
    signed = Buffer.concat([Buffer.from('dialog capability 1\n'), bytes]);
    bytes = Buffer.concat([bytes, sign(null, signed, issuer)]);
    issuer = keyOf(audience);
  }
  console.log(subject, links.map((link) => link.join(',')).join(';'), bytes.toString('hex'), blake3(signed));
}
