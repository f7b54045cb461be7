import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRestUrl, redactUrl } from '../../src/backend/rest-url.js';

describe('parseRestUrl', () => {
  it.each([
    ['http://localhost:8000/', { url: 'http://localhost:8000/' }],
    ['https://host/a/b', { url: 'https://host/a/b/' }],
    ['https://host', { url: 'https://host/' }],
    ['rest:https://host/a/', { url: 'https://host/a/' }],
    ['REST:HTTPS://Host/A/', { url: 'https://host/A/' }],
    ['  http://[::1]:8000/x/\n', { url: 'http://[::1]:8000/x/' }],
    [
      'rest:https://ann:s%40cret@host:8000/ann/',
      { url: 'https://host:8000/ann/', username: 'ann', password: 's@cret' },
    ],
    ['https://ann@host/', { url: 'https://host/', username: 'ann' }],
    ['https://:pw@host/', { url: 'https://host/', password: 'pw' }],
    ['https://ann:100%@host/', { url: 'https://host/', username: 'ann', password: '100%' }],
  ])('%s', (text, expected) => {
    expect(parseRestUrl(text)).toEqual(expected);
  });

  it.each([
    '',
    'host',
    'ftp://host/',
    'rest:/folder',
    'C:\\folder',
    'http:host',
    'https:///',
    'http://',
    'https://host:99999/',
    'https://host/?a=b',
    'https://host/#x',
    'rest:http+unix:///run/rest.sock:/repo/',
    's3:https://host/bucket',
  ])("refuses %j with 'usage'", (text) => {
    expect(() => parseRestUrl(text)).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  it('never shows the password of an address that it refuses', () => {
    for (const text of ['htp://ann:secret@host/', 'https://ann:secret@host:99999/', 'https://ann:se@cret@host/?x']) {
      expect(() => parseRestUrl(text)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('cret') }),
      );
    }
    expect(redactUrl('https://ann:secret@host/')).toBe('https://***@host/');
  });

  it('gives back any user name and password', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (username, password) => {
        const part = (text: string): string => encodeURIComponent(text);
        const parsed = parseRestUrl(`https://${part(username)}:${part(password)}@host/`);
        expect([parsed.username ?? '', parsed.password ?? '', parsed.url]).toEqual([
          username,
          password,
          'https://host/',
        ]);
      }),
    );
  });
});
