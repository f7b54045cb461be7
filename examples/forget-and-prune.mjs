// Removes old snapshots by rules, and the data that only they needed.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backup, forget, prune, Repository } from 'instance-sync';

const folder = await mkdtemp(join(tmpdir(), 'example-'));
const repo = await Repository.init({ repository: join(folder, 'repository'), password: 'correct horse' });
try {
  for (let day = 1; day <= 5; day++) {
    await writeFile(join(folder, 'level.dat'), `day ${day}`);
    await backup(repo, { cwd: folder, paths: ['level.dat'], time: new Date(2026, 0, day) });
  }

  const keep = { last: 1, daily: 3 };
  const planned = await forget(repo, { keep, dryRun: true });
  console.log('would remove', planned.remove.length, 'of 5');

  const { removed, problems } = await forget(repo, {
    keep,
    onEvent: (event) => {
      if (event.type === 'plan') for (const { reasons } of event.plan.groups[0].keep) console.log(reasons);
    },
  });
  console.log('removed', removed.length, 'with', problems.length, 'problems');

  const { totals } = await prune(repo, { maxUnused: { bytes: 0 } });
  console.log('pruned', totals.prunedBlobs, 'of', totals.blobs, 'blobs');
} finally {
  await repo.close();
  await rm(folder, { recursive: true });
}

// Prints:
// would remove 2 of 5
// [ 'last snapshot', 'daily snapshot' ]
// [ 'daily snapshot' ]
// [ 'daily snapshot' ]
// removed 2 with 0 problems
// pruned 4 of 10 blobs
