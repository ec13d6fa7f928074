// Other people's HTTP stacks and spellings against `dialogdb serve`; all of them pass the same list.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import readline from 'node:readline';
import { after, before, describe, it } from 'node:test';

import { ReferenceClient, RustClient, ZERO } from './clients.mjs';
import { Curl, Fetch, NodeHttp } from './stacks.mjs';

const PROGRAM = process.env.DIALOGDB;
const RACERS = 8;
const STACKS = [NodeHttp, Fetch, Curl];
const CLIENTS = [ReferenceClient, RustClient];
const JSON_TYPE = { 'Content-Type': 'application/json' };

let subjects = 0;
const freshDid = () => `did:web:interop-${++subjects}.example`;
const revision = (digit) => digit.repeat(64);

class Server {
  constructor(...options) {
    this.folder = mkdtempSync(join(tmpdir(), 'dialog-interop-'));
    this.options = options;
  }

  async start() {
    const data = ['--data', join(this.folder, 'data'), '--no-log'];
    this.process = spawn(PROGRAM, ['serve', '--listen', '127.0.0.1:0', '--json', ...data, ...this.options],
                         { stdio: ['ignore', 'pipe', 'inherit'] });
    process.on('exit', () => this.process.kill('SIGKILL'));
    const line = await new Promise((resolve, reject) => {
      readline.createInterface(this.process.stdout).once('line', resolve);
      this.process.once('close', (code) => reject(new Error(`the server ended with ${code}`)));
    });
    this.url = JSON.parse(line).url;
  }

  async stop() {
    const ended = new Promise((resolve) => this.process.once('close', resolve));
    this.process.kill('SIGTERM');
    assert.equal(await ended, 0);
    rmSync(this.folder, { recursive: true });
  }
}

// What every client sees of a register, whatever it is written with.
const CONTRACT = {
  'nothing is there before it is published': async (client, did) => {
    assert.deepEqual(await client.fetch(did), { status: 404, revision: undefined });
  },
  'zeros create the record': async (client, did) => {
    const { status, revision: tag } = await client.swap(did, ZERO, revision('1'));
    assert.deepEqual([status, tag], [200, revision('1')]);
    assert.deepEqual(await client.fetch(did), { status: 200, revision: revision('1') });
  },
  'the expected revision is replaced, and the answer repeats the record': async (client, did) => {
    await client.swap(did, ZERO, revision('1'));
    const { status, answer } = await client.swap(did, revision('1'), revision('2'));
    assert.equal(status, 200);
    const record = JSON.parse(answer.body);
    assert.deepEqual([record.revision, record.previous, record.sequence], [revision('2'), revision('1'), 2]);
    assert.deepEqual(JSON.parse((await client.request('GET', `/${did}`)).body), record);
  },
  'a loser learns what is there, in the tag and in the body': async (client, did) => {
    await client.swap(did, ZERO, revision('1'));
    const lost = await client.swap(did, revision('7'), revision('2'));
    assert.deepEqual([lost.status, lost.revision], [412, revision('1')]);
    const { error } = JSON.parse(lost.answer.body);
    assert.deepEqual([error.expected, error.actual], [revision('7'), revision('1')]);
    assert.equal((await client.fetch(did)).revision, revision('1'));
  },
  'zeros lose against a record': async (client, did) => {
    await client.swap(did, ZERO, revision('1'));
    const lost = await client.swap(did, ZERO, revision('2'));
    assert.deepEqual([lost.status, lost.revision], [412, revision('1')]);
  },
  'nothing but zeros creates': async (client, did) => {
    assert.equal((await client.swap(did, revision('1'), revision('2'))).status, 404);
    assert.equal((await client.fetch(did)).status, 404);
  },
  'a record of zeros is a record': async (client, did) => {
    assert.equal((await client.swap(did, ZERO, ZERO)).status, 200);
    assert.deepEqual(await client.fetch(did), { status: 200, revision: ZERO });
    assert.equal((await client.swap(did, ZERO, revision('1'))).status, 200);
  },
  'of several at once one wins, and the others learn which': async (client, did) => {
    await client.swap(did, ZERO, revision('1'));
    const digits = [...'23456789abcdef'].slice(0, RACERS);
    const outcomes = await Promise.all(digits.map((digit) => client.swap(did, revision('1'), revision(digit))));
    const winners = outcomes.filter(({ status }) => status === 200);
    assert.equal(winners.length, 1);
    for (const { status, revision: tag } of outcomes) {
      assert.ok(status === 200 || status === 412);
      assert.equal(tag, winners[0].revision);
    }
  },
  'a DID may be escaped on the way': async (client, did) => {
    await client.swap(did, ZERO, revision('1'));
    const escaped = await client.request('HEAD', `/${encodeURIComponent(did)}`);
    assert.equal(escaped.status, 200);
  },
  'an escape that belongs to a DID stays': async (client, did) => {
    await client.swap(`${did}%3A8443`, ZERO, revision('1'));
    assert.equal((await client.fetch(did)).status, 404);
    assert.equal((await client.fetch(`${did}:8443`)).status, 404);
    assert.equal((await client.fetch(encodeURIComponent(`${did}%3A8443`))).status, 200);
  },
  'a precondition may be quoted, and in upper case': async (client, did) => {
    await client.swap(did, ZERO, revision('a'));
    const put = (expected, from, to) =>
      client.request('PUT', `/${did}`, { 'If-Match': expected, ...JSON_TYPE }, JSON.stringify(client.body(did, from, to)));
    assert.equal((await put(`"${revision('a')}"`, revision('a'), revision('b'))).status, 200);
    assert.equal((await put(revision('B'), revision('b'), revision('c'))).status, 200);
  },
  'a star creates where nothing is': async (client, did) => {
    const put = (desired) =>
      client.request('PUT', `/${did}`, { 'If-None-Match': '*', ...JSON_TYPE }, JSON.stringify(client.body(did, ZERO, desired)));
    assert.equal((await put(revision('1'))).status, 200);
    assert.equal((await put(revision('2'))).status, 412);
  },
  'what is no precondition is refused as such': async (client, did) => {
    const put = async (headers) =>
      (await client.request('PUT', `/${did}`, { ...headers, ...JSON_TYPE }, JSON.stringify(client.body(did, ZERO, revision('1'))))).status;
    assert.equal(await put({}), 428);
    for (const value of ['*', `W/"${ZERO}"`, `${ZERO}, ${ZERO}`, 'abc']) assert.equal(await put({ 'If-Match': value }), 400, value);
    assert.equal((await client.fetch(did)).status, 404);
  },
  'what is no assertion about the subject is refused': async (client, did) => {
    const put = async (body, headers = JSON_TYPE) =>
      (await client.request('PUT', `/${did}`, { 'If-Match': ZERO, ...headers }, body)).status;
    const good = client.body(did, ZERO, revision('1'));
    for (const change of [{ sub: 'did:web:else.example' }, { cmd: '/state/retract' }, { args: {} }, { origin: revision('9') }])
      assert.equal(await put(JSON.stringify({ ...good, ...change })), 400, JSON.stringify(change));
    assert.equal(await put('{'), 400);
    assert.equal(await put(JSON.stringify(good), { 'Content-Type': 'text/plain' }), 400);
    assert.equal((await client.fetch(did)).status, 404);
  },
  'the history lists what was accepted': async (client, did) => {
    await client.swap(did, ZERO, revision('1'));
    await client.swap(did, ZERO, revision('9'));
    await client.swap(did, revision('1'), revision('2'));
    const { records, complete } = JSON.parse((await client.request('GET', `/${did}/log?after=0&limit=10`)).body);
    assert.deepEqual(records.map((record) => record.revision), [revision('1'), revision('2')]);
    assert.equal(complete, true);
  },
  'nothing of it may be cached': async (client, did) => {
    assert.equal((await client.request('HEAD', `/${did}`)).headers['cache-control'], 'no-store');
  },
};

const SERVERS = {
  'as it is by default': [],
  'with quoted tags and a prefix': ['--quoted-etag', '--path-prefix', '/api/register/'],
};

for (const [how, options] of Object.entries(SERVERS)) {
  describe(`a server ${how}`, () => {
    const server = new Server(...options);
    const stacks = STACKS.map((Stack) => new Stack());
    before(() => server.start());
    after(() => {
      for (const stack of stacks) stack.close();
      return server.stop();
    });
    for (const stack of stacks) {
      for (const Client of CLIENTS) {
        describe(`${stack.name}, spelled as ${Client.spelling} does`, () => {
          for (const [line, check] of Object.entries(CONTRACT))
            it(line, () => check(new Client(stack, server.url), freshDid()));
        });
      }
    }
  });
}

describe('a server with tokens', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dialog-interop-'));
  const tokens = join(folder, 'tokens');
  const make = (...words) => JSON.parse(
    execFileSync(PROGRAM, ['key', 'token', '--json', '--tokens', tokens, ...words], { cwd: folder }));
  const writer = make('--name', 'writer', '--access', 'write').secret;
  const reader = make('--name', 'reader', '--access', 'read').secret;
  const server = new Server('--tokens', tokens);
  before(() => server.start());
  after(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });
  for (const Stack of STACKS) {
    for (const Client of CLIENTS) {
      it(`asks ${new Stack().name}, spelled as ${Client.spelling} does, for the right one`, async () => {
        const stack = new Stack();
        const did = freshDid();
        for (const token of [undefined, 'wrong', '']) {
          const client = new Client(stack, server.url, token);
          assert.equal((await client.fetch(did)).status, 401);
          assert.equal((await client.swap(did, ZERO, revision('1'))).status, 401);
        }
        assert.equal((await new Client(stack, server.url, reader).swap(did, ZERO, revision('1'))).status, 403);
        assert.equal((await new Client(stack, server.url, reader).fetch(did)).status, 404);
        const { status, answer } = await new Client(stack, server.url, writer).swap(did, ZERO, revision('1'));
        assert.equal(status, 200);
        assert.equal(JSON.parse(answer.body).author, 'writer');
        stack.close();
      });
    }
  }
});

describe('a connection', () => {
  const server = new Server();
  before(() => server.start());
  after(() => server.stop());
  it('serves one request after the other, refused ones too', async () => {
    const stack = new NodeHttp();
    const client = new ReferenceClient(stack, server.url);
    const did = freshDid();
    await client.fetch(did);
    await client.swap(did, ZERO, revision('1'));
    await client.swap(did, ZERO, revision('2'));
    await client.request('DELETE', '/no-such-path');
    await client.request('GET', `/${did}/log`);
    assert.equal(stack.sockets.size, 1);
    stack.close();
  });
});
