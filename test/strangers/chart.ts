import {mkdirSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';

/** Writes a chart to `chart` in a folder: a definition in crds/ and one among its templates, an object, rights, and hooks around an installation. */
export function writeChart(home: string): void {
  for (const [path, content] of Object.entries(files)) {
    const file = join(home, 'chart', path);
    mkdirSync(dirname(file), {recursive: true});
    writeFileSync(file, content);
  }
}

const definition = (plural: string, kind: string, more: string): string => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${plural}.demo.dev, labels: {chart: tiny}}
spec:
  group: demo.dev
  scope: Namespaced
  names: {plural: ${plural}, singular: ${kind.toLowerCase()}, kind: ${kind}, categories: [all]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
          spec:
            type: object
            properties:
              color: {type: string}
              size: {type: integer, minimum: 1}
              tags: {type: array, x-kubernetes-list-type: set, items: {type: string}}
${more}`;

const named = 'name: {{ .Release.Name }}, labels: {chart: tiny}';
const hook = (name: string, when: string, policy: string): string => `
apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
  annotations: {"helm.sh/hook": "${when}", "helm.sh/hook-delete-policy": "${policy}"}
data: {color: {{ .Values.color }}}
`;

const files: {readonly [path: string]: string} = {
  'Chart.yaml': 'apiVersion: v2\nname: tiny\nversion: 0.1.0\n',
  'values.yaml': 'color: red\nsize: 3\nrights: true\n',
  'crds/gadgets.yaml': definition('gadgets', 'Gadget', ''),
  'templates/NOTES.txt': 'Painted {{ .Values.color }} in {{ .Release.Namespace }}.\n',
  'templates/gauges.yaml': definition(
    'gauges',
    'Gauge',
    '    additionalPrinterColumns:\n    - {name: {{ .Values.color }}, type: string, jsonPath: .spec.color}\n',
  ),
  'templates/gadget.yaml': `
apiVersion: demo.dev/v1
kind: Gadget
metadata: {${named}}
spec:
  color: {{ .Values.color }}
  size: {{ .Values.size }}
  tags: [{{ .Values.color }}, "y"]
`,
  'templates/settings.yaml': `
apiVersion: v1
kind: ConfigMap
metadata: {${named}}
data: {color: {{ .Values.color }}, served: {{ .Capabilities.APIVersions.Has "demo.dev/v1/Gadget" | quote }}}
---
apiVersion: v1
kind: Secret
metadata: {${named}}
stringData: {password: hidden}
---
apiVersion: v1
kind: ServiceAccount
metadata: {${named}}
`,
  'templates/rights.yaml': `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: {{ .Release.Namespace }}-{{ .Release.Name }}, labels: {chart: tiny}}
rules: [{apiGroups: [demo.dev], resources: [gadgets], verbs: ["*"]}]
---
{{- if .Values.rights }}
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {${named}}
rules: [{apiGroups: [""], resources: [configmaps], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {${named}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{ .Release.Name }}}
subjects: [{kind: ServiceAccount, name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}}]
{{- end }}
`,
  'templates/hooks.yaml': `${hook('before', 'pre-install,pre-upgrade', 'before-hook-creation')}---${hook('after', 'post-install', 'hook-succeeded')}`,
};
