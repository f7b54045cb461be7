/** The library's questions as the page shows them. */
import type {
  ConflictDetails,
  ConflictQuestion,
  ConflictUnit,
  Deletion,
  Relocation,
  SideDetails,
  UnitDetails,
  UnitStand,
} from '../../index.js';
import type {
  Choice,
  ConflictUnitView,
  ConflictView,
  DeletionView,
  RelocationView,
  SideView,
  UnitStand as UnitStandView,
} from '../protocol.js';

export type QuestionView = ConflictView | DeletionView | RelocationView;

export interface Heading {
  readonly task: 'pull' | 'push';
  /** What the player calls the instance. */
  readonly label: string;
}

/** `question`: the id that its answer has to name; `iconOf` gives an id for a unit's picture, if it has one. */
export function conflictView(
  conflict: Pick<ConflictQuestion, 'reason' | 'local' | 'cloud' | 'units'>,
  details: ConflictDetails,
  question: string,
  { task, label }: Heading,
  iconOf: (unit: UnitDetails) => string | undefined,
): ConflictView {
  const found = new Map(details.units.map((unit) => [unit.id, unit]));
  return {
    view: 'conflict',
    question,
    task,
    label,
    reason: conflict.reason,
    local: sideView(conflict.local, details.local),
    cloud: sideView(conflict.cloud, details.cloud),
    units: conflict.units.map((unit) => unitView(unit, found.get(unit.id), iconOf)),
  };
}

function sideView({ where, hostname }: ConflictQuestion['local'], details: SideDetails): SideView {
  const { time, since, minecraft, aloneWorlds, aloneFiles } = details;
  return {
    where,
    device: hostname,
    ...(time === undefined ? {} : { time }),
    ...(since === undefined ? {} : { since }),
    ...(minecraft === undefined ? {} : { minecraft }),
    aloneWorlds: aloneWorlds.map((id) => id.slice(id.lastIndexOf('/') + 1)),
    aloneFiles,
  };
}

function unitView(
  { id, kind, local, cloud }: ConflictUnit,
  details: UnitDetails | undefined,
  iconOf: (unit: UnitDetails) => string | undefined,
): ConflictUnitView {
  const icon = details && iconOf(details);
  const [here, there] = [details?.local ?? bare(local), details?.cloud ?? bare(cloud)];
  return {
    id,
    kind,
    name: details?.name ?? id,
    ...(here === undefined ? {} : { local: here }),
    ...(there === undefined ? {} : { cloud: there }),
    ...(icon === undefined ? {} : { icon }),
    choices: choicesOf({ local, cloud }),
  };
}

/** Where no more than the size is known. */
function bare(side: { readonly files: number; readonly bytes: number } | undefined): UnitStand | undefined {
  return side && ({ ...side, added: 0, changed: 0, removed: 0, changes: [] } satisfies UnitStandView);
}

/** Both can be kept only of what both have. */
export function choicesOf({ local, cloud }: Pick<ConflictUnit, 'local' | 'cloud'>): Choice[] {
  return local === undefined || cloud === undefined ? ['local', 'cloud'] : ['local', 'cloud', 'keep-both'];
}

export function deletionView({ files, ofFiles, worlds }: Deletion, question: string, heading: Heading): DeletionView {
  const names = worlds.map((world) => world.slice(world.lastIndexOf('/') + 1));
  return { view: 'deletion', question, ...heading, files, ofFiles, worlds: names };
}

export function relocationView(
  { from, to, stillThere }: Relocation,
  question: string,
  heading: Heading,
): RelocationView {
  return { view: 'relocation', question, ...heading, from, to, stillThere };
}
