// HTTP stacks that are not ours. Each sends { method, url, headers, body } and gives { status, headers, body }.
import { spawn } from 'node:child_process';
import http from 'node:http';

// Connections are kept; `sockets` are those that were opened.
export class NodeHttp {
  name = 'node:http';
  sockets = new Set();
  agent = new http.Agent({ keepAlive: true, maxSockets: 16 });

  send({ method, url, headers, body }) {
    return new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
      const request = http.request(url, { method, agent: this.agent, headers: { ...headers, ...length } });
      request.on('socket', (socket) => this.sockets.add(socket));
      request.on('error', reject);
      request.on('response', async (response) => {
        const pieces = [];
        for await (const piece of response) pieces.push(piece);
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(pieces).toString() });
      });
      request.end(body);
    });
  }

  close() {
    this.agent.destroy();
  }
}

export class Fetch {
  name = 'fetch';

  async send({ method, url, headers, body }) {
    const response = await fetch(url, { method, headers, body, redirect: 'error' });
    return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
  }

  close() {}
}

export class Curl {
  name = 'curl';

  send({ method, url, headers, body }) {
    const words = ['-sS', '--noproxy', '*', ...(method === 'HEAD' ? ['-I'] : ['-i', '-X', method])];
    for (const [name, value] of Object.entries(headers ?? {})) words.push('-H', `${name}: ${value}`);
    if (body !== undefined) words.push('--data-binary', '@-');
    return new Promise((resolve, reject) => {
      const process = spawn('curl', [...words, url], { stdio: ['pipe', 'pipe', 'inherit'] });
      const pieces = [];
      process.stdout.on('data', (piece) => pieces.push(piece));
      process.on('error', reject);
      process.on('close', (code) => {
        if (code !== 0) return reject(new Error(`curl ended with ${code}`));
        const text = Buffer.concat(pieces).toString();
        const end = text.indexOf('\r\n\r\n');
        const [first, ...lines] = text.slice(0, end).split('\r\n');
        const fields = lines.map((line) => [line.split(':', 1)[0].toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]);
        resolve({ status: Number(first.split(' ')[1]), headers: Object.fromEntries(fields), body: text.slice(end + 4) });
      });
      process.stdin.end(body);
    });
  }

  close() {}
}
