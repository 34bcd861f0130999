import type {Surroundings} from '../admission/rule.ts';
import type {JsonObject} from '../api/json.ts';
import {digString} from '../api/json.ts';
import type {KubeObject} from '../api/object.ts';
import {asJson} from '../api/object.ts';
import type {AccountTokens} from '../auth/account-tokens.ts';
import {child, text} from '../kinds/read.ts';
import {serviceAccountNameAnnotation, serviceAccountTokenType, serviceAccountUidAnnotation} from '../kinds/secret.ts';
import {builtInSection, keyOf, parseKey, rangeOf} from '../registry/keys.ts';
import {deleteOp, putOp} from '../registry/ops.ts';
import {decodeStored, peek} from '../registry/stored.ts';
import type {Entry, Key} from '../storage/storage.ts';
import type {Controller} from './controller.ts';
import {none} from './controller.ts';
import {commitUnit, finalizersOf, isMarked, markOp, removalLimits} from './removal.ts';

const secrets = {group: '', resource: 'secrets', section: builtInSection} as const;
const accounts = {group: '', resource: 'serviceaccounts', section: builtInSection} as const;
const secretPrefix = rangeOf(secrets);
const accountPrefix = rangeOf(accounts);
const typeMark = Buffer.from(`"${serviceAccountTokenType}"`);

/** Fills Secrets that are to hold a token, and deletes them with their account (spec kubernetes-api 8.4, 11.4). */
export const accountSecrets = (tokens: AccountTokens): Controller => ({
  name: 'account-secrets',
  wakes({key, type, value}) {
    const ours = type === 'delete' ? key.startsWith(accountPrefix) : key.startsWith(secretPrefix) && isMeant(value);
    return ours ? [key] : none;
  },
  async reconcile(ref, around) {
    if (ref.startsWith(accountPrefix)) return await deleteOrphans(ref as Key, around);
    const entry = await around.store.get(ref as Key);
    // A race that was lost is told of by another event.
    if (entry && isAccountSecret(entry)) await bringInOrder(entry, around, tokens);
    return undefined;
  },
});

/** Whether the bytes of a Secret may be those of one that holds a token: a look that parses nothing. */
const isMeant = (value: Uint8Array): boolean => Buffer.from(value.buffer, value.byteOffset, value.byteLength).includes(typeMark);

const isAccountSecret = (entry: Entry): boolean => isMeant(entry.value) && text(asJson(peek(entry)), 'type') === serviceAccountTokenType;

/** Looks at the Secrets of the namespace that an account has left. */
async function deleteOrphans(account: Key, around: Surroundings): Promise<undefined> {
  const {workspace, path} = parseKey(account);
  const [namespace, name] = path as [string, string];
  for (let after: Key | undefined, more = true; more; ) {
    const page = await around.store.list(rangeOf(secrets, workspace, namespace), {
      limit: removalLimits.pageEntriesMax,
      ...(after && {after}),
    });
    for (const entry of page.entries)
      if (isAccountSecret(entry) && accountNameOf(peek(entry)) === name && !(await accountOf(entry, around)))
        await deleteSecret(entry, around);
    after = page.entries.at(-1)?.key;
    more = page.more;
    if (more) await around.world.turn();
  }
  return undefined;
}

async function bringInOrder(entry: Entry, around: Surroundings, tokens: AccountTokens): Promise<void> {
  if (isMarked(entry)) return;
  const account = await accountOf(entry, around);
  if (!account) return deleteSecret(entry, around);
  const {workspace, path} = parseKey(entry.key);
  const [namespace, secretName] = path as [string, string];
  const object = decodeStored(entry);
  const {name, uid} = account.metadata;
  const data = child(asJson(object), 'data') ?? {};
  const wanted: JsonObject = {
    'ca.crt': encode(around.settings.rootCa),
    namespace: encode(namespace),
    token: text(data, 'token') || encode(await tokens.forSecret({workspace, namespace, name, uid}, secretName)),
  };
  const annotated = object.metadata.annotations?.[serviceAccountUidAnnotation] === uid;
  const filled = Object.entries(wanted).every(([key, value]) => text(data, key) === value);
  if ((annotated && filled) || object['immutable'] === true) return;
  object.metadata.annotations = {...object.metadata.annotations, [serviceAccountUidAnnotation]: uid};
  object['data'] = {...data, ...wanted};
  await commitUnit(around.store, [putOp(entry.key, object, entry.revision)]);
}

const encode = (plain: string): string => Buffer.from(plain).toString('base64');

const accountNameOf = ({metadata}: KubeObject): string | undefined => metadata.annotations?.[serviceAccountNameAnnotation];

/** The account a Secret is for, if it is there and, where the Secret names one, of that uid. */
async function accountOf(entry: Entry, {store}: Surroundings): Promise<KubeObject | undefined> {
  const {workspace, path} = parseKey(entry.key);
  const secret = peek(entry);
  const name = accountNameOf(secret);
  const account = name ? await store.get(keyOf(accounts, workspace, path[0], name)) : undefined;
  const uid = digString(asJson(secret), 'metadata', 'annotations', serviceAccountUidAnnotation);
  return account && (!uid || peek(account).metadata.uid === uid) ? peek(account) : undefined;
}

async function deleteSecret(entry: Entry, around: Surroundings): Promise<void> {
  if (finalizersOf(entry).length === 0) await commitUnit(around.store, [deleteOp(entry)]);
  else if (!isMarked(entry)) await commitUnit(around.store, [await markOp(entry, around)]);
}
