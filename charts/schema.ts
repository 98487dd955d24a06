/** A JSON Schema, or any part of one. */
export type Schema = Readonly<Record<string, unknown>>;

/** A schema by the file name that kubeconform looks it up by, in lower case: `deployment-apps-v1.json`. */
export type SchemaFiles = Readonly<Record<string, Schema>>;

/** Where kubeconform finds the files in a folder: the value of its `-schema-location`. */
export function schemaLocation(folder: string): string {
  return `${folder}/{{.ResourceKind}}{{.KindSuffix}}.json`;
}

/**
 * Strict JSON Schemas of the kinds in one of Kubernetes' own OpenAPI v3 documents (`api/openapi-spec/v3` of k8s.io/kubernetes).
 * Fields that the document does not know are errors, which it does not say itself.
 */
export function kubernetesSchemas(openapi: { readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> } }): SchemaFiles {
  const schemas = openapi.components?.schemas ?? {};
  const components = { schemas: strict(schemas) as Schema };
  const files = Object.entries(schemas).flatMap(([name, schema]) => {
    const kinds = (schema['x-kubernetes-group-version-kind'] ?? []) as readonly { group: string; version: string; kind: string }[];
    return kinds.map(
      ({ group, version, kind }) => [fileName(kind, group, version), { $ref: `#/components/schemas/${name}`, components }] as const,
    );
  });
  return Object.fromEntries(files);
}

/** Strict JSON Schemas of a CustomResourceDefinition, one for each version. */
export function customSchemas(definition: CustomResourceDefinition): SchemaFiles {
  const { group, names, versions } = definition.spec;
  return Object.fromEntries(
    versions.map(({ name, schema }) => [fileName(names.kind, group, name), strict(schema.openAPIV3Schema) as Schema]),
  );
}

/** The part of a CustomResourceDefinition that schemas are made from. */
export interface CustomResourceDefinition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

/** `<kind>-<first label of the group>-<version>`, without the core group: what kubeconform calls ResourceKind and KindSuffix. */
function fileName(kind: string, group: string, version: string): string {
  return `${[kind.toLowerCase(), group.split('.')[0], version].filter(Boolean).join('-')}.json`;
}

/** Refuses unknown fields wherever fields are listed and not declared open. */
function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, strict(value)]));
  const listsFields = typeof copy.properties === 'object' && copy.type === 'object';
  const isOpen = 'additionalProperties' in copy || copy['x-kubernetes-preserve-unknown-fields'] === true;
  return listsFields && !isOpen ? { ...copy, additionalProperties: false } : copy;
}
