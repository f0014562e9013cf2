// q of GET /messages: a substring of the text, whatever its characters, whatever their case.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { eventually } from './support/bounded.ts';
import { message, uniqueNumber } from './support/message.ts';
import { startService } from './support/service.ts';

const service = await startService({ after });

/** One test: of these texts, all by one sender, `q` finds exactly the first `hits`. */
function search(name: string, q: string, texts: (string | null)[], hits: number): void {
  it(name, async () => {
    const from = uniqueNumber();
    await service.store(
      ...texts.map((text, index) =>
        message({ from, text, message_id: `${from} ${String(index).padStart(3, '0')}` }),
      ),
    );
    const page = await service.page(`?from=${from}&q=${encodeURIComponent(q)}`);
    assert.deepEqual(
      page.data.map((stored) => stored.text),
      texts.slice(0, hits),
    );
    assert.equal(page.total, hits);
  });
}

describe('a substring, wherever it stands', () => {
  search(
    'at the start, in the middle, at the end, and alone',
    'ell',
    ['ello', 'hello', 'hell', 'ell', 'helo', 'el', 'l', ''],
    4,
  );
  search('with spaces that count', 'a b', ['a b', 'xa bx', 'ab', 'a  b', 'b a', 'a\tb'], 2);
  search('a space alone', ' ', ['a b', ' ', 'ab', ''], 2);
  search('over a line end', 'a\nb', ['a\nb', 'a b', 'ab', 'a\r\nb'], 1);
  search('longer than a text', 'hello world', ['hello world', 'hello', 'world'], 1);
  search('one character', 'x', ['x', 'axb', 'a', ''], 2);
  search('two characters', 'xy', ['xy', 'axyb', 'x y', 'x', 'yx'], 2);
  search('three characters', 'xyz', ['xyz', 'axyzb', 'xy z', 'zyx'], 2);
  search('four characters', 'wxyz', ['wxyz', 'awxyzb', 'wxy z'], 2);
  search('one emoji', '😀', ['😀', 'a😀b', '😁', '😃'], 2);
  search('half of no emoji', '👩', ['👩', '👩‍👩‍👧', '👨'], 2);
  search('repeated characters', 'aaa', ['aaa', 'aaaa', 'baaab', 'aa', 'aba'], 3);
  search('digits', '007', ['007', '10070', '07', '7'], 2);
  search(
    'across what tokenizers take for word ends',
    'o-w',
    ['hello-world', 'o-w', 'o w', 'ow'],
    2,
  );
  search('the longest text there is', 'x'.repeat(4096), ['x'.repeat(4096), 'x'.repeat(4095)], 1);
  search('more than any text can have', 'x'.repeat(5000), ['x'.repeat(4096)], 0);
});

describe('every character is literal', () => {
  search('%', '%', ['%', '100%', '100', 'x'], 2);
  search('% is no wildcard', 'a%c', ['a%c', 'abc', 'ac'], 1);
  search('_', '_', ['_', 'a_b', 'ab'], 2);
  search('_ is no wildcard', 'a_c', ['a_c', 'abc'], 1);
  search('"', '"', ['"', 'say "yes"', 'yes'], 2);
  search('" that is not closed', '"yes', ['"yes', 'yes'], 1);
  search('""', '""', ['""', '"'], 1);
  search('*', '*', ['*', 'a*b', 'ab'], 2);
  search('* is no wildcard', 'ab*', ['ab*', 'abc', 'ab'], 1);
  search('\\', '\\', ['\\', 'a\\b', 'a/b'], 2);
  search('\\%', '\\%', ['\\%', '%', '\\'], 1);
  search("'", "'", ["'", "it's", 'its'], 2);
  search("' OR 1=1 --", "' OR 1=1 --", ["' OR 1=1 --", 'anything'], 1);
  search('?', 'wh?t', ['wh?t', 'what'], 1);
  search('[a-z]', '[a-z]', ['[a-z]', 'b'], 1);
  search('^ and $', '^a$', ['^a$', 'a'], 1);
  search('.', 'a.c', ['a.c', 'abc'], 1);
  search('AND', 'a AND b', ['a AND b', 'a b', 'b a'], 1);
  search('OR', 'a OR b', ['a or b', 'a', 'b'], 1);
  search('NOT', 'NOT a', ['not a', 'b'], 1);
  search('NEAR', 'NEAR(a b)', ['near(a b)', 'a b'], 1);
  search('-', '-a', ['-a', 'x-a', 'a'], 2);
  search(':', 'text:a', ['text:a', 'a'], 1);
  search('{ } ( ) + , ;', '{(+,;)}', ['{(+,;)}', '()'], 1);
  search('an escape that is not one', '\\n', ['\\n', '\n'], 1);
});

describe('case does not matter', () => {
  search('lower finds upper', 'hello', ['HELLO', 'Hello', 'hello', 'hallo'], 3);
  search('upper finds lower', 'HELLO', ['HELLO', 'Hello', 'hello', 'hallo'], 3);
  search('é finds É', 'é', ['É', 'CAFÉ', 'café', 'cafe', 'CAFE'], 3);
  search('É finds é', 'É', ['É', 'CAFÉ', 'café', 'cafe'], 3);
  search('п finds П', 'п', ['П', 'Привет', 'привет', 'Ривет'], 3);
  search('П finds п', 'ПРИВЕТ', ['привет', 'Привет', 'ривет'], 2);
  search('Greek', 'ΑΒΓ', ['αβγ', 'ΑΒΓ', 'αβδ'], 2);
  search('Armenian', 'աբ', ['ԱԲ', 'աբ', 'ա'], 2);
  search('an umlaut', 'MÜLLER', ['Müller', 'müller', 'Muller', 'Mueller'], 2);
  search('beyond the basic plane', '𐐨', ['𐐀', '𐐨', '𐐁'], 2);
  search('full-width letters', 'ａ', ['Ａ', 'ａ', 'a'], 2);
  search('mixed', 'hÉlLo ПрИ', ['HéLLO приВЕТ', 'hello при'], 1);
  search('but accents do', 'e', ['e', 'E', 'é', 'É'], 2);
  search('but not normal forms: composed finds decomposed', 'é', ['é', 'e\u0301', 'e'], 2);
  search(
    'decomposed finds composed',
    'REU\u0301NIA\u0303O',
    ['reúnião', 'reu\u0301nia\u0303o', 'reuniao'],
    2,
  );
  search(
    'a letter without its mark is another letter',
    'cafe',
    ['cafe', 'cafes', 'café', 'cafe\u0301'],
    2,
  );
  search(
    'Hangul, by syllables',
    '한국',
    ['한국어', '\u1112\u1161\u11ab\u1100\u116e\u11a8', '한'],
    2,
  );
  search('Hangul, by its letters', '\u1112\u1161\u11ab', ['한국어', '하나'], 1);
});

describe('U+0000 is a character like any other', () => {
  search('alone', '\u0000', ['\u0000', 'a\u0000b', '\u0000\u0000', 'a', ''], 3);
  search(
    'what stands behind it is found',
    'needle',
    ['a\u0000needle', '\u0000NEEDLE', 'need\u0000le'],
    2,
  );
  search('within q', 'a\u0000b', ['a\u0000b', 'xA\u0000Bx', 'a', 'ab', 'a\u0000', 'a\u0000c'], 2);
  search('at the end of q', 'a\u0000', ['a\u0000', 'a\u0000b', 'a'], 2);
});

describe('characters that SQLite takes for one another', () => {
  it('are told apart, before search holds the texts and after', async () => {
    const from = uniqueNumber();
    const texts = ['a\ufffdb', 'a\ufffeb', 'a\uffffb'];
    await service.store(...texts.map((text) => message({ from, text })));
    const find = async (text: string): Promise<unknown[]> =>
      (await service.page(`?from=${from}&q=${encodeURIComponent(text)}`)).data.map(
        (stored) => stored.text,
      );
    for (const text of texts) assert.deepEqual(await find(text), [text]);
    await eventually('search', async () => {
      const { text } = await service.get('/metrics');
      return /^oncebox_search_backlog_messages 0$/m.test(text) || undefined;
    });
    for (const text of texts) assert.deepEqual(await find(text), [text]);
  });
});

describe('texts without characters', () => {
  search('null never matches', 'null', ['null', null, ''], 1);
  search('null never matches a space', ' ', [' ', null], 1);

  it('an empty q is no filter: null and empty texts are listed', async () => {
    const from = uniqueNumber();
    await service.store(
      message({ from, text: null }),
      message({ from, text: '' }),
      message({ from }),
    );
    assert.equal((await service.page(`?from=${from}&q=`)).total, 3);
  });
});

describe('only the text is searched', () => {
  it('not the id, the numbers or the time', async () => {
    const from = uniqueNumber();
    await service.store(
      message({
        from,
        to: '+4711',
        message_id: `findme ${from}`,
        ts: '2031-01-15T10:00:00Z',
        text: 'plain',
      }),
    );
    for (const q of ['findme', '4711', '2031-01', from.slice(1)])
      assert.equal((await service.page(`?from=${from}&q=${q}`)).total, 0, q);
    assert.equal((await service.page(`?from=${from}&q=plain`)).total, 1);
  });
});
