import { classKey } from '../images/class-names.js';
import { filled, unwrapped, wrapped, type FolderNode } from './folder-tree.js';
import type { FoundImage } from './list-images.js';
import { splitNameOf, type NamedSplit, type SplitRole } from './split-names.js';

/** Where a folder's images are, and what for. */
export interface FoundSplits {
  /**
   * `splits`: folders for training, validation or test; `class-first`: each class has such folders; `one`: neither.
   */
  readonly layout: 'splits' | 'class-first' | 'one';
  /** The folder in which that was found, inside of wrappers. */
  readonly base: FolderNode;
  readonly splits: Readonly<Partial<Record<SplitRole, FolderNode>>>;
  /** Folders with images that are in no split. */
  readonly beside: readonly FolderNode[];
  /** Images beside a folder around all others. */
  readonly outside: readonly FoundImage[];
}

/**
 * Finds the splits of a folder by the names of its folders, and by their structure where a name could be a class, too:
 * `test` beside `cat` and `dog` is a split where it holds `cat` and `dog` again, and a class where it holds images.
 */
export function findSplits(root: FolderNode): FoundSplits {
  const outside: FoundImage[] = [];
  let node = root;
  for (;;) {
    const found = splitsIn(node) ?? classFirst(node);
    if (found !== null) return { ...found, outside };
    const inner = wrapped(node) ?? withFewBeside(node);
    if (inner === null) return { layout: 'one', base: node, splits: { train: node }, beside: [], outside };
    outside.push(...node.own);
    node = inner;
  }
}

/** The only folder in a folder, where it holds several and hardly any image lies beside it. */
function withFewBeside(node: FolderNode): FolderNode | null {
  const [only, ...more] = filled(node);
  if (only === undefined || more.length > 0 || only.own.length > 0) return null;
  return filled(only).length > 1 && 10 * node.own.length <= only.count ? only : null;
}

type WithinFolder = Omit<FoundSplits, 'outside'>;

type Candidate = NamedSplit & { readonly node: FolderNode };

function splitsIn(base: FolderNode): WithinFolder | null {
  const folders = filled(base);
  const chosen = byRole(candidatesIn(folders));
  const roles = Object.values(chosen);
  if (roles.length === 0) return null;
  const beside = folders.filter((folder) => !roles.includes(folder));
  const { train } = chosen;
  const evaluated = roles.filter((folder) => folder !== train);
  const found = (splits: FoundSplits['splits'], rest: readonly FolderNode[]): WithinFolder => ({
    layout: 'splits',
    base,
    splits,
    beside: rest,
  });
  if (train === undefined || !hasClasses(train)) {
    // The classes are here, and again in the other splits. One of them may be called "train".
    const here = train === undefined ? beside : [...beside, train];
    if (beside.length > 0 && evaluated.some((folder) => repeats(folder, here))) {
      const own: FolderNode = { ...base, children: here, count: countOf(base, here) };
      return found({ ...chosen, train: own }, []);
    }
  }
  if (train !== undefined) {
    const isSplit =
      beside.length === 0 || roles.some(hasClasses) || (evaluated.length > 0 && beside.length === 1);
    return isSplit ? found(chosen, beside) : null;
  }
  if (beside.length > 0) return null;
  if (base.own.length === 0) return found(chosen, []);
  return found({ ...chosen, train: { ...base, children: [], count: base.own.length } }, []);
}

const countOf = (base: FolderNode, children: readonly FolderNode[]): number =>
  children.reduce((sum, { count }) => sum + count, base.own.length);

/** Folders that are named as splits: plainly, or all with the same other words, as `seg_train` and `seg_test` are. */
function candidatesIn(folders: readonly FolderNode[]): Candidate[] {
  const named = folders.flatMap((node): Candidate[] => {
    const split = splitNameOf(node.name);
    return split === null ? [] : [{ ...split, node }];
  });
  const plain = named.filter(({ rest }) => rest === '');
  const numbered = named.filter(
    ({ role, rest }) => /^\d+$/.test(rest) && !plain.some((one) => one.role === role),
  );
  if (plain.length > 0) return [...plain, ...numbered];
  for (const rest of new Set(named.map((one) => one.rest))) {
    const group = named.filter((one) => one.rest === rest);
    const roles = new Set(group.map(({ role }) => role));
    if (roles.has('train') && roles.size > 1) return group;
  }
  return [];
}

/** One folder per role. Of two for validation, one that says "eval" is for the test where there is no other. */
function byRole(candidates: readonly Candidate[]): Partial<Record<SplitRole, FolderNode>> {
  const of = (role: SplitRole): Candidate[] => candidates.filter((one) => one.role === role);
  let [validation, test] = [of('validation'), of('test')];
  if (test.length === 0 && validation.length > 1) {
    test = validation.filter(({ word }) => word.startsWith('eval'));
    validation = validation.filter((one) => !test.includes(one));
  }
  return Object.fromEntries(
    (
      [
        ['train', of('train')],
        ['validation', validation],
        ['test', test],
      ] as const
    ).flatMap(([role, [first]]) => (first === undefined ? [] : [[role, first.node]])),
  );
}

const hasClasses = (node: FolderNode): boolean => filled(unwrapped(node)).length > 0;

/** Whether at least half of the folders in `split` are named as `classes` are. */
function repeats(split: FolderNode, classes: readonly FolderNode[]): boolean {
  const inside = filled(unwrapped(split));
  const names = new Set(classes.map(({ name }) => classKey(name)));
  const same = inside.filter(({ name }) => names.has(classKey(name))).length;
  return inside.length > 0 && 2 * same >= inside.length;
}

/** `cat/train`, `cat/test`, `dog/train`, `dog/test`. */
function classFirst(base: FolderNode): WithinFolder | null {
  const classes = filled(base);
  if (classes.length < 2 || base.own.length > 0) return null;
  const inner = classes.map((node) => (node.own.length > 0 ? [] : filled(node)));
  const roles = inner.map((folders) => folders.map(({ name }) => splitNameOf(name)));
  const all = roles.every((some) => some.length > 0 && some.every((one) => one?.rest === ''));
  if (!all || !roles.some((some) => some.some((one) => one!.role === 'train'))) return null;
  const splits: Partial<Record<SplitRole, FolderNode>> = {};
  const chosen = inner.map((folders, i) => byRole(folders.map((node, k) => ({ ...roles[i]![k]!, node }))));
  for (const role of ['train', 'validation', 'test'] as const) {
    const children = classes.flatMap((node, i): FolderNode[] => {
      const folder = chosen[i]![role];
      return folder === undefined ? [] : [{ ...node, children: [folder], count: folder.count }];
    });
    if (children.length > 0) splits[role] = { ...base, own: [], children, count: countOf(base, children) };
  }
  return { layout: 'class-first', base, splits, beside: [] };
}
