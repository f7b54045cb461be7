import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { disable, init } from '../../../src/sync/folder/init.js';
import { tempFolder } from '../../helpers/temp.js';

const URL_A = 'http://127.0.0.1:1/';
const token = 'kim:secret';

describe('init after disable', () => {
  it('goes on with the same instance on the same server', async () => {
    const packFolder = tempFolder();
    const first = await init({ packFolder, url: URL_A, token });
    expect(first.known).toBe(false);
    expect(await disable({ packFolder })).toMatchObject({ disabled: true });
    const again = await init({ packFolder, url: URL_A });
    expect(again).toMatchObject({ instanceId: first.instanceId, known: true });
    expect(readFileSync(join(packFolder, '.cloud-sync/token'), 'utf8')).toBe(`${token}\n`);
  });

  it('starts anew on another server, and when told another id', async () => {
    const packFolder = tempFolder();
    const first = await init({ packFolder, url: URL_A, token });
    await disable({ packFolder });
    const elsewhere = await init({ packFolder, url: 'http://127.0.0.1:2/', token });
    expect(elsewhere.instanceId).not.toBe(first.instanceId);
    await disable({ packFolder });
    const instanceId = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
    expect(await init({ packFolder, url: 'http://127.0.0.1:2/', token, instanceId })).toMatchObject({ instanceId });
  });

  it('takes no notice of a broken sync.json.disabled', async () => {
    const packFolder = tempFolder();
    await init({ packFolder, url: URL_A, token });
    await disable({ packFolder });
    writeFileSync(join(packFolder, '.cloud-sync/sync.json.disabled'), '{');
    expect((await init({ packFolder, url: URL_A, token })).known).toBe(false);
  });
});

describe('init', () => {
  it('opts a folder in only when the token is there', async () => {
    const packFolder = tempFolder();
    await expect(init({ packFolder, url: URL_A })).rejects.toMatchObject({ code: 'no-token' });
    await expect(init({ packFolder, url: URL_A, token: 'no colon' })).rejects.toMatchObject({ code: 'bad-settings' });
    expect(existsSync(join(packFolder, '.cloud-sync/sync.json'))).toBe(false);
  });
});
