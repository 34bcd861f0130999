import {functionsOf} from './functions.ts';
import {operators} from './library/arithmetic.ts';
import {compiledOperators} from './library/compiled.ts';
import {conversions} from './library/conversions.ts';
import {optionals} from './library/optionals.ts';
import {standard} from './library/standard.ts';

/** Every function that expressions in Kubernetes may call (spec kubernetes-api 6.6). */
export const kubernetesFunctions = functionsOf(compiledOperators, operators, standard, conversions, optionals);
