import {functionsOf} from './functions.ts';
import {operators} from './library/arithmetic.ts';
import {compiledOperators} from './library/compiled.ts';
import {conversions} from './library/conversions.ts';
import {formatting} from './library/format.ts';
import {lists} from './library/lists.ts';
import {namedFormats} from './library/named-formats.ts';
import {networks} from './library/networks.ts';
import {optionals} from './library/optionals.ts';
import {quantities} from './library/quantities.ts';
import {regex} from './library/regex.ts';
import {semvers} from './library/semver.ts';
import {sets} from './library/sets.ts';
import {standard} from './library/standard.ts';
import {strings} from './library/strings.ts';
import {urls} from './library/urls.ts';

/** Every function that expressions in Kubernetes may call (spec kubernetes-api 6.6). */
export const kubernetesFunctions = functionsOf(
  compiledOperators,
  operators,
  standard,
  conversions,
  regex,
  optionals,
  strings,
  lists,
  sets,
  quantities,
  semvers,
  networks,
  urls,
  namedFormats,
  formatting,
);
