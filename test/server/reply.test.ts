import { describe, expect, it } from 'vitest';
import { type ErrorCode, SyncError } from '../../src/base/errors.js';
import { errorReply } from '../../src/server/reply.js';

describe('errorReply', () => {
  it.each<[ErrorCode, number]>([
    ['exists', 403],
    ['damaged', 400],
    ['not-found', 404],
    ['no-space', 507],
    ['io', 500],
    ['internal', 500],
  ])('%s is %i', (code, status) => {
    expect(errorReply(new SyncError(code, 'x')).status).toBe(status);
  });

  it.each([
    ['ENOSPC', 507],
    ['EDQUOT', 507],
    ['EACCES', 500],
    ['ENOTDIR', 500],
  ])('%s is %i, and the reason is for the log only', (code, status) => {
    const reply = errorReply(Object.assign(new Error(`${code}: /secret/path`), { code }));
    expect(reply).toMatchObject({ status, failure: `${code}: /secret/path` });
    expect(reply.body).not.toContain('/secret/path');
  });
});
