import type {Binding, Subject} from './objects.ts';
import type {RuleSet} from './rule-set.ts';

/** That a binding gives a role to a subject. */
export type Grant = {
  readonly binding: Binding;
  readonly subject: Subject;
  /** Absent when there is no such role. */
  readonly rules: RuleSet | undefined;
  /** By binding, and within it by subject. */
  readonly order: number;
};
