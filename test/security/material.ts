import type {Asker, Held} from './tenants.ts';

/** What random requests are made of. The pools grow while answers come. */
export type Material = {
  readonly held: readonly Held[];
  readonly askers: readonly Asker[];
  /** Ids and tokens of workspaces that are gone. */
  readonly goneIds: readonly string[];
  readonly continueTokens: readonly string[];
  readonly tags: readonly string[];
  readonly revision: number;
};

/** In these a tenant breaks its own things; elsewhere it only reads and adds, so that there is something to find to the end. */
export const isWild = ({code}: Pick<Held, 'code'>): boolean => Number(code) % 5 === 0;
