import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/base/bytes.js';
import { SyncError } from '../../src/base/errors.js';
import { addKey, changePassword, listKeys, removeKey } from '../../src/maintain/keys.js';
import { CHEAP, rejection, testRepository } from '../helpers/repository.js';

const NEW = { scrypt: CHEAP };

describe('keys', () => {
  it('are listed with whom and when, the oldest first, and which one is in use', async () => {
    const { repo } = await testRepository();
    const id = await addKey(repo, 'two', { ...NEW, username: 'alex', hostname: 'deck' });
    const keys = await listKeys(repo);
    expect(keys).toMatchObject([
      { id: repo.keyId, isCurrent: true },
      { id, isCurrent: false, username: 'alex', hostname: 'deck', created: expect.stringMatching(/^\d{4}-/) },
    ]);
    expect(keys[0]?.hostname).not.toBe('');
  });

  it('one that is broken is told, and the others are listed', async () => {
    const { repo, backend } = await testRepository();
    const bad = await addKey(repo, 'two', NEW);
    await backend.replace('keys', bad, utf8('garbage'));
    expect(await rejection(listKeys(repo))).toMatchObject({ code: 'damaged' });
    const problems: string[] = [];
    expect(await listKeys(repo, { onProblem: (id) => void problems.push(id) })).toHaveLength(1);
    expect(problems).toEqual([bad]);
  });

  it('a new one opens the repository, also with an empty password', async () => {
    const { repo, reopen } = await testRepository();
    await addKey(repo, 'zwei ü', NEW);
    const id = await addKey(repo, '', NEW);
    expect((await reopen('zwei ü')).config.id).toBe(repo.config.id);
    expect((await reopen('')).keyId).toBe(id);
  });

  it('a new one that does not come back as it was is taken away again', async () => {
    const { repo, backend } = await testRepository();
    backend.tamper = ({ type }, bytes) => (type === 'keys' ? utf8('garbage') : bytes);
    expect(await rejection(addKey(repo, 'two', NEW))).toMatchObject({ code: 'damaged' });
    expect(await backend.names('keys')).toEqual([repo.keyId]);
  });

  it('a changed password: the new one opens, the old one does not', async () => {
    const { repo, backend, reopen } = await testRepository();
    const id = await changePassword(repo, 'new', NEW);
    expect(await backend.names('keys')).toEqual([id]);
    expect((await reopen('new')).keyId).toBe(id);
    expect(await rejection(reopen())).toMatchObject({ code: 'wrong-password' });
  });

  it('on an append-only server nothing is changed', async () => {
    const { repo, backend } = await testRepository();
    backend.before = ({ method, type }) => {
      if (method === 'remove' && type === 'keys') throw new SyncError('forbidden', 'append-only');
    };
    const error = await rejection(changePassword(repo, 'new', NEW));
    expect(error).toMatchObject({ code: 'forbidden' });
    expect(error.message).toMatch(/^[^\n]*"key add"[^\n]*$/);
    expect(backend.count('write', 'keys')).toBe(1);
    expect(await backend.names('keys')).toEqual([repo.keyId]);
  });

  it('where the old one does not go, the new one goes', async () => {
    const { repo, backend } = await testRepository();
    backend.before = ({ method, name }) => {
      if (method === 'remove' && name === repo.keyId) throw new SyncError('server', 'no');
    };
    expect(await rejection(changePassword(repo, 'new', NEW))).toMatchObject({ code: 'server' });
    expect(await backend.names('keys')).toEqual([repo.keyId]);
  });

  it('are removed by the beginning of their id, but not the one in use', async () => {
    const { repo, backend } = await testRepository();
    const id = await addKey(repo, 'two', NEW);
    expect(await rejection(removeKey(repo, repo.keyId))).toMatchObject({ code: 'usage' });
    expect(await rejection(removeKey(repo, 'zz'))).toMatchObject({ code: 'not-found' });
    expect(await rejection(removeKey(repo, ''))).toMatchObject({ code: 'usage' });
    expect(await removeKey(repo, id.slice(0, 20))).toBe(id);
    expect(await backend.names('keys')).toEqual([repo.keyId]);
  });
});
