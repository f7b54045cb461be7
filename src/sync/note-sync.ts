/** What else is written down when a sync has recorded a common state: it is over, and this PC has such an instance. */
import { instanceLabel } from './folder/instance-label.js';
import { rememberFolder } from './folder/known-folders.js';
import { clearQuestion } from './folder/open-question.js';
import type { SyncSession } from './session.js';

export async function noteSync({ instance, options }: SyncSession): Promise<void> {
  const { packFolder: folder, cloudFolder, settings } = instance;
  await clearQuestion(cloudFolder);
  const label = await instanceLabel(folder, options.instanceLabel);
  const lastSync = new Date().toISOString();
  await rememberFolder({ instanceId: settings.instanceId, folder, label, lastSync }).catch(() => {
    // A list for showing: the next sync tries again.
  });
}
