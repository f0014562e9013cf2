// The signature of POST /webhook: hex HMAC-SHA256 of the raw bytes, exactly one, and 401 for everything else.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { bytesOf, message, SECRET, sign, uniqueNumber } from './support/message.ts';
import { startService } from './support/service.ts';
import { openWire, webhookBytes } from './support/wire.ts';

const service = await startService({ after });

const from = uniqueNumber();
const body = bytesOf(message({ from }));
const right = sign(body);
const flipped = (right.startsWith('0') ? '1' : '0') + right.slice(1);
const utf8AsLatin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const fullWidth = right.replace(/[0-9]/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)));

const refused: [string, string[]][] = [
  ['missing', []],
  ['empty', ['']],
  ['too short', ['123']],
  ['one digit wrong', [flipped]],
  ['the last digit missing', [right.slice(0, -1)]],
  ['a digit too many', [`${right}0`]],
  ['twice in one header', [right + right]],
  ['64 characters that are not hex', ['z'.repeat(64)]],
  ['128 hex digits', ['0'.repeat(128)]],
  ['prefixed as other providers do', [`sha256=${right}`]],
  ['prefixed by 0x', [`0x${right}`]],
  ['in quotes', [`"${right}"`]],
  ['with a space inside', [`${right.slice(0, 32)} ${right.slice(32)}`]],
  ['Base64', [Buffer.from(right, 'hex').toString('base64')]],
  ['of another body', [sign('{}')]],
  ['of no bytes', [sign('')]],
  ['with another secret', [sign(body, `${SECRET}!`)]],
  ['with no secret', [sign(body, '')]],
  ['SHA-1', [createHmac('sha1', SECRET).update(body).digest('hex')]],
  ['SHA-512', [createHmac('sha512', SECRET).update(body).digest('hex')]],
  ['a Latin-1 letter', ['é']],
  ['64 Latin-1 letters', ['ÿ'.repeat(64)]],
  ['UTF-8 beyond ASCII', [utf8AsLatin1('подпись')]],
  ['full-width digits', [utf8AsLatin1(fullWidth)]],
  ['right, then a byte beyond ASCII', [`${right}\u0080`]],
  ['very long', ['a'.repeat(10_000)]],
  ['repeated, both right', [right, right]],
  ['repeated, the first right', [right, flipped]],
  ['repeated, the last right', [flipped, right]],
  ['repeated, the other empty', [right, '']],
  ['repeated, the first empty', ['', right]],
  ['two in one header', [`${right}, ${right}`]],
  ['right with a comma', [`${right},`]],
];

describe('401 {"detail":"invalid signature"}, and nothing stored, for a signature that is', () => {
  for (const [name, signatures] of refused) {
    it(name, async (t) => {
      const wire = await openWire(t, service.port);
      wire.write(webhookBytes(body, signatures));
      const answer = await wire.reply();
      assert.equal(answer.status, 401);
      assert.equal(answer.body.toString(), '{"detail":"invalid signature"}');
      assert.match(answer.headers['content-type'] ?? '', /^application\/json/);
      assert.equal((await service.page(`?from=${from}`)).total, 0);
    });
  }
});

describe('200 for a signature that is', () => {
  const mixed = [...right]
    .map((digit, index) => (index % 2 === 0 ? digit.toUpperCase() : digit))
    .join('');
  const accepted: [string, string][] = [
    ['lower-case hex', right],
    ['upper-case hex', right.toUpperCase()],
    ['hex in both cases', mixed],
    ['surrounded by the white space that HTTP allows around a value', ` \t${right} \t`],
  ];
  for (const [name, signature] of accepted) {
    it(name, async (t) => {
      const wire = await openWire(t, service.port);
      wire.write(webhookBytes(body, [signature]));
      assert.equal((await wire.reply()).status, 200);
    });
  }

  it('sent under a header name in any case', async () => {
    for (const name of ['x-signature', 'X-SIGNATURE']) {
      assert.equal(
        (await service.send({ method: 'POST', path: '/webhook', headers: { [name]: right }, body }))
          .status,
        200,
      );
    }
  });
});

describe('the body that is signed', () => {
  it('is not compared after decoding: bytes that decode alike have different signatures', async () => {
    const escaped = JSON.stringify(message({ text: 'é' })).replace('é', '\\u00e9');
    const plain = escaped.replace('\\u00e9', 'é');
    assert.equal((await service.post(escaped, sign(plain))).status, 401);
    assert.equal((await service.post(escaped)).status, 200);
    assert.equal((await service.post(plain)).status, 200);
  });

  it('may be empty: the signature of no bytes is right for it, and 422 follows', async () => {
    assert.equal((await service.post('', sign(''))).status, 422);
    assert.equal((await service.post('', sign(' '))).status, 401);
  });

  it('is verified byte for byte', async () => {
    const original = bytesOf(message());
    for (const index of [0, Math.floor(original.length / 2), original.length - 1]) {
      const changed = Buffer.from(original);
      changed.writeUInt8(original.readUInt8(index) ^ 1, index);
      assert.equal((await service.post(changed, sign(original))).status, 401);
    }
  });
});
