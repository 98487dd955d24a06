import { App, Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { namespaceApplication, serviceApplication } from './argocd/application.ts';
import { namespaceProject, workloadProject } from './argocd/project.ts';
import type {
  Catalog,
  Environment,
  KubernetesObject,
  ManifestFile,
  Release,
  ReleasedImage,
  Service,
  ServiceSettings,
} from './environment.ts';
import { kustomization } from './kustomization.ts';
import { objectLabels } from './labels.ts';
import { print } from './manifest.ts';
import { NamespaceBundle } from './namespace.ts';
import { WebService } from './web-service.ts';

/**
 * Everything that the GitOps repo holds for one environment, sorted by path: its services, its namespace, its projects and Applications.
 * Pure: equal arguments give equal bytes, whatever the order of the catalog or of the settings.
 * Arguments are expected to be without problems by `checkCatalog`, `checkEnvironment` and `checkRelease`.
 * @throws Error when a service of the environment has no image in the release, or naming all that is wrong with a service or its settings
 */
export function render(environment: Environment, release: Release, catalog: Catalog): ManifestFile[] {
  const workloads: ManifestFile[] = [];
  const applications: KubernetesObject[] = [namespaceApplication(environment)];
  for (const service of catalog) {
    const settings = settingsOf(environment, service);
    if (!settings) continue;
    workloads.push(...renderService(environment, service, settings, imageOf(release, service)));
    applications.push(serviceApplication(environment, service.name));
  }
  const bundle = renderNamespace(environment);
  const projects = [workloadProject(environment, objectsOf(workloads)), namespaceProject(environment, objectsOf(bundle))];
  return [
    ...workloads,
    ...bundle,
    ...projects.map((object) => print(`argocd/projects/${object.metadata.name}.yaml`, object)),
    ...applications.map((object) => print(`argocd/applications/${object.metadata.name}.yaml`, object)),
  ].sort(byPath);
}

/** Files of one service: `environments/<env>/<service>/…`. */
function renderService(environment: Environment, service: Service, settings: ServiceSettings, image: ReleasedImage): ManifestFile[] {
  const { name } = service;
  const folder = `environments/${environment.name}/${name}`;
  const isKustomize = environment.gitops.layout === 'kustomize';
  const props = isKustomize
    ? { image: name, commit: placeholderCommit }
    : { image: `${image.name}:${image.tag}@${image.digest}`, commit: commitOf(image) };
  const objects = synthesize(
    environment,
    name,
    (chart) => new WebService(chart, name, { service, settings, environment: environment.name, ...props }),
  );
  const files = objects.map((object) => printInto(folder, object));
  if (!isKustomize) return files;
  const resources = files.map((file) => file.path.slice(folder.length + 1));
  return [...files, print(`${folder}/kustomization.yaml`, kustomization(name, image, commitOf(image), resources))];
}

/** Files of the namespace bundle: `environments/<env>/namespace/…`. */
function renderNamespace(environment: Environment): ManifestFile[] {
  const { name, namespace, quota } = environment;
  const objects = synthesize(environment, 'namespace', (chart) => new NamespaceBundle(chart, 'namespace', { name: namespace, quota }));
  return objects.map((object) => printInto(`environments/${name}/namespace`, object));
}

/** In the kustomize layout; the kustomization replaces it along with the image. */
const placeholderCommit = 'set-by-kustomization';

/**
 * One App per unit: `toJson` resolves the dependencies of the whole App for each chart, so a shared one costs the square of its charts.
 * Namespaces are cluster-scoped, cdk8s gives every object of a chart its namespace.
 */
function synthesize(environment: Environment, unit: string, build: (chart: Construct) => void): KubernetesObject[] {
  const app = new App({ outdir: '.', recordConstructMetadata: false });
  const chart = new Chart(app, unit, { namespace: environment.namespace, labels: objectLabels(environment.name, unit) });
  build(chart);
  const objects: KubernetesObject[] = chart.toJson();
  return objects.map((object) => (object.kind === 'Namespace' ? withoutNamespace(object) : object));
}

function withoutNamespace(object: KubernetesObject): KubernetesObject {
  const { namespace: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function printInto(folder: string, object: KubernetesObject): ManifestFile {
  return print(`${folder}/${object.kind.toLowerCase()}-${object.metadata.name}.yaml`, object);
}

/** Own properties only: a service may be called `constructor`. */
function settingsOf(environment: Environment, service: Service): ServiceSettings | undefined {
  return Object.hasOwn(environment.services, service.name) ? environment.services[service.name] : undefined;
}

function imageOf(release: Release, service: Service): ReleasedImage {
  const image = Object.hasOwn(release.images, service.name) ? release.images[service.name] : undefined;
  if (!image) throw new Error(`the release has no image of ${service.name}`);
  return image;
}

/** The commit in a tag like `1a2b…` or `1a2b…-dirty-<hash>`. */
function commitOf(image: ReleasedImage): string {
  return image.tag.split('-', 1)[0] ?? image.tag;
}

function objectsOf(files: readonly ManifestFile[]): KubernetesObject[] {
  return files.map((file) => file.object).filter((object) => object.kind !== 'Kustomization');
}

/** By code unit: independent of the locale. */
function byPath(a: ManifestFile, b: ManifestFile): number {
  return a.path < b.path ? -1 : 1;
}
