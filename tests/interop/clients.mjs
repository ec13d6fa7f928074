// Clients as others write them: each spells a swap in its own way and reads tags as it knows them.
export const ZERO = '0'.repeat(64);

const trimmed = (tag) => tag?.replace(/^"|"$/g, '').toLowerCase();

class Client {
  constructor(stack, endpoint, token) {
    this.stack = stack;
    this.endpoint = endpoint;
    this.authorization = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  }

  request(method, path, headers = {}, body = undefined) {
    const url = this.endpoint + path;
    return this.stack.send({ method, url, headers: { ...this.authorization, ...headers }, body });
  }

  // { status, revision } of what is there.
  async fetch(did) {
    const { status, headers } = await this.request('HEAD', `/${did}`);
    return { status, revision: trimmed(headers.etag) };
  }

  // { status, revision, answer }
  async swap(did, expected, desired) {
    const json = { 'Content-Type': 'application/json' };
    const headers = { 'If-Match': expected, ...json };
    const answer = await this.request('PUT', `/${did}`, headers, JSON.stringify(this.body(did, expected, desired)));
    return { status: answer.status, revision: trimmed(answer.headers.etag), answer };
  }
}

// To the letter of the reference document.
export class ReferenceClient extends Client {
  static spelling = 'the reference';
  body(did, _expected, desired) {
    return { iss: did, sub: did, cmd: '/state/assert', args: { revision: desired } };
  }
}

// As the first Rust implementation does: the expected revision stands in the body, too.
export class RustClient extends Client {
  static spelling = 'the Rust client';
  body(did, expected, desired) {
    return { iss: did, sub: did, cmd: '/state/assert', args: { revision: desired }, origin: expected };
  }
}
