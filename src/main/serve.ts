import {readFileSync} from 'node:fs';
import {hostname, networkInterfaces} from 'node:os';
import {join} from 'node:path';
import {openPaths} from '../auth/order.ts';
import {workspaceIssuers} from '../server/workspace-issuers.ts';
import {MissingKeys} from '../storage/embedded/seals.ts';
import {openEmbedded} from '../storage/embedded.ts';
import {memoryStorage} from '../storage/memory.ts';
import type {Storage} from '../storage/storage.ts';
import {about} from './about.ts';
import {externalHost, type Machine, serverUrl, servingHosts} from './address.ts';
import {auditing} from './audit.ts';
import {authenticationOf} from './authentication-config.ts';
import type {AuthorizationWebhook} from './authorization-webhook.ts';
import {encryptionOf} from './encryption.ts';
import {fairnessOf} from './fairness.ts';
import {guardSecrets, readIfThere, writeWhole} from './files.ts';
import type {Config} from './flags.ts';
import {heavyRequests} from './heavy-requests.ts';
import {httpsDocuments} from './issuer-documents.ts';
import {readKey} from './json-web-keys.ts';
import {firstCertificates, keepCertificates} from './keep-certificates.ts';
import {adminKubeconfig, shardAdminTokenOf} from './kubeconfig.ts';
import {listen} from './listen.ts';
import type {Log} from './log.ts';
import {measure} from './measure.ts';
import type {PlaneOptions} from './plane.ts';
import {createPlane} from './plane.ts';
import {tokenKeysOf} from './token-keys.ts';
import {adminTokens, readTokenFile, tokenLookup} from './tokens.ts';
import {httpsWebhooks} from './webhooks.ts';
import {realWorld} from './world.ts';

/** A server that listens. */
export type Serving = {
  /** `https://host:port`. */
  readonly url: string;
  /** Ends within a second: no more requests, what is under way is finished, the store is closed. */
  readonly close: () => Promise<void>;
};

/** Starts a control plane as it was configured. @throws Error with a text for people */
export async function serve(config: Config, version: string, log: Log): Promise<Serving> {
  guardSecrets(config, log);
  const {audit, close: closeAudit} = auditing(config, log);
  const machine = thisMachine();
  const host = externalHost(config, machine);
  const hosts = servingHosts(config, machine);
  const state = {
    failed: undefined as string | undefined,
    starting: 'starting' as string | undefined,
    ending: false,
    port: config.securePort,
  };
  // Side by side: keys are made in other threads while the store is opened.
  const [{store, seal}, serving] = await Promise.all([
    openStore(config, log, why => {
      state.failed = why;
      log.error('the store failed; reads go on', {why});
    }),
    firstCertificates(config, hosts),
  ]);
  const kubeconfigBefore = config.kubeconfigPath ? readIfThere(config.kubeconfigPath) : undefined;
  const tokens = adminTokens({
    storePath: config.adminTokenPath,
    kubeconfigPath: config.kubeconfigPath,
    oldShardAdmin: kubeconfigBefore === undefined ? undefined : await shardAdminTokenOf(kubeconfigBefore),
    withUser: config.batteries.has('user'),
  });
  const fairness = fairnessOf(config);
  const measures = measure(config.shardName, store, fairness);
  const url = (): string => config.shardBaseUrl || serverUrl(host, state.port);
  const external = (): string => config.shardExternalUrl || url();
  const accountTokens = accountTokensOf(config);
  const webhooks = httpsWebhooks({allowPrivate: config.webhooksToPrivateAddresses});
  const authentication = authenticationOf(config, realWorld, log);
  const accessWebhook = await accessWebhookOf(config, log);
  const issuedIn = config.featureGates.has('WorkspaceAuthentication')
    ? workspaceIssuers(
        store,
        {documents: httpsDocuments({allowPrivate: config.webhooksToPrivateAddresses}), readKey, clock: realWorld, log},
        config.serviceAccountIssuer,
      )
    : undefined;
  const fromFile = config.tokenAuthFile ? readTokenFile(readFileSync(config.tokenAuthFile, 'utf8')) : [];
  // The first list that knows a digest wins.
  const known = [...new Map([...fromFile, ...tokens.users])];
  const {issuers, audiences, secondsMax} = accountTokens;
  const heavy = heavyRequests(
    {
      version,
      shardName: config.shardName,
      rootCa: serving.ca,
      objectsMax: config.logicalClusterTotalObjectLimit,
      guardsOwnerReferences: config.enableAdmissionPlugins.length > 0,
      tokens: known,
      accountTokens: {issuers, audiences, secondsMax},
      anonymous: authentication.anonymous,
      authorization: {
        order: config.authorizationOrder,
        openPaths: config.authorizationAlwaysAllowPaths,
        asksWebhook: accessWebhook !== undefined,
      },
    },
    {store, keys: accountTokens.keys, issued: authentication.issued, issuedIn, webhooks, accessWebhook, log},
  );
  const plane = createPlane({
    store,
    world: realWorld,
    log,
    tokens: tokenLookup(known),
    accountTokens,
    issued: authentication.issued,
    issuedIn,
    anonymous: authentication.anonymous,
    authorization: {
      order: config.authorizationOrder,
      openPaths: openPaths(config.authorizationAlwaysAllowPaths),
      webhook: accessWebhook,
    },
    webhooks,
    shardName: config.shardName,
    rootCa: serving.ca,
    objectsMax: config.logicalClusterTotalObjectLimit,
    guardsOwnerReferences: config.enableAdmissionPlugins.length > 0,
    about: about(version, () => new URL(external()).host, measures.text, {
      store: () => state.failed,
      starting: () => state.starting,
      ending: () => state.ending,
    }),
    observe: measures.observe,
    elsewhere: heavy,
    fairness,
    audit,
    homes: config.enableHomeWorkspaces,
    eventsKeptMs: config.eventTtl,
  });
  const listener = await listen({
    host: config.bindAddress,
    port: config.securePort,
    certificates: serving,
    handler: plane.handler,
    log,
  });
  state.port = listener.port;
  await plane.start({
    urls: {base: url(), external: external(), virtualWorkspace: config.shardVirtualWorkspaceUrl || url()},
    workspaceTypes: config.batteries.has('workspace-types'),
    homeCreatorGroups: config.homeWorkspacesHomeCreatorGroups,
  });
  state.starting = undefined;
  const endSealing = seal();
  if (config.batteries.has('admin') && config.kubeconfigPath) writeWhole(config.kubeconfigPath, adminKubeconfig(url(), serving.ca, tokens));
  if (tokens.newStore !== undefined) writeWhole(config.adminTokenPath, tokens.newStore);
  // Made by now if it was not there, so that who verifies tokens elsewhere finds it.
  accountTokens.keys.publicKeys().catch(err => log.error('the key that signs tokens could not be made', {error: String(err)}));
  const endKeeping = keepCertificates(config, {hosts, first: serving, renew: listener.renew, log});

  const close = async (): Promise<void> => {
    state.ending = true;
    endKeeping();
    authentication.close();
    await Promise.all([listener.close(), plane.stop()]);
    await heavy.close();
    webhooks.close();
    accessWebhook?.close();
    await closeAudit();
    endSealing();
    await store.close();
    measures.stop();
  };
  return {url: url(), close};
}

function accountTokensOf(config: Config): PlaneOptions['accountTokens'] {
  const {serviceAccountIssuer: issuers, apiAudiences: audiences} = config;
  return {
    keys: tokenKeysOf(config),
    issuers,
    audiences: audiences.length > 0 ? audiences : issuers,
    secondsMax: Math.floor(config.serviceAccountMaxTokenExpiration / 1000),
  };
}

/** What reads kubeconfigs is loaded where there is one to read: few servers ask anybody. */
const accessWebhookOf = async (config: Config, log: Log): Promise<AuthorizationWebhook | undefined> =>
  config.authorizationWebhookConfigFile === ''
    ? undefined
    : (await import('./authorization-webhook.ts')).authorizationWebhook(config, realWorld, log);

/** `seal` brings what is stored in line with what is to be sealed, from then on, and returns how to end it. */
type Opened = {readonly store: Storage; readonly seal: () => () => void};

async function openStore(config: Config, log: Log, failed: (why: string) => void): Promise<Opened> {
  if (config.storage === 'memory') {
    if (config.encryptionProviderConfig !== '') encryptionOf(config, realWorld);
    return {store: memoryStorage(), seal: () => () => {}};
  }
  const encryption = encryptionOf(config, realWorld);
  const store = await openEmbedded({
    directory: join(config.rootDirectory, 'data'),
    holder: `pid ${process.pid}`,
    sealing: encryption.plan,
    unreadable: ({key, why}) => log.error('a stored value cannot be read', {key, why}),
    failed: why => failed(why.message),
  }).catch(err => {
    throw err instanceof MissingKeys ? new Error(`${encryption.whereKeysAre}: ${err.message}`) : err;
  });
  encryption.save(log);
  return {store, seal: () => encryption.keep(store, realWorld, log)};
}

function thisMachine(): Machine {
  const addresses = Object.values(networkInterfaces())
    .flatMap(list => list ?? [])
    .filter(address => !address.internal && address.family === 'IPv4')
    .map(address => address.address);
  return {hostname: hostname(), addresses};
}
