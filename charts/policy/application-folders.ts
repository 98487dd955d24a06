import type { KubernetesObject, ManifestFile } from '../environment.ts';
import { groupOf } from '../manifest.ts';
import type { Problem } from '../problem.ts';
import { isClusterScoped } from './namespaces.ts';
import { items, read, text, waveOf } from './read.ts';
import { type Rule, violation } from './rule.ts';
import { folderOf } from './tree.ts';

const rule = 'application-folders';

/**
 * What Argo CD would refuse, found before the commit: each Application's project and folder exist, and the project allows the repository,
 * the destination and every object in the folder. And what it would never see: a folder that no Application reads.
 */
export const applicationFolders: Rule = (tree) => {
  const projects = new Map(tree.ofKind('AppProject').map((file) => [file.object.metadata.name, file]));
  const folders = Map.groupBy(tree.objects, ({ path }) => folderOf(path));
  const applications = tree.ofKind('Application');
  const read = new Set(applications.map(({ object }) => text(object, 'spec.source.path')));
  return [
    ...applications.flatMap((application) => checkApplication(application, projects, folders)),
    ...[...folders]
      .filter(([folder]) => folder.startsWith('environments/') && !read.has(folder))
      .map(([folder, [file]]) =>
        broken(
          file as ManifestFile,
          'metadata.name',
          folder,
          'its folder is read by an Application',
          'add an Application, or remove the folder',
        ),
      ),
  ];
};

function broken(file: ManifestFile, field: string, value: unknown, must: string, fix: string): Problem {
  return violation(rule, file, field, value, must, fix, 'E_REFERENCE');
}

function checkApplication(
  application: ManifestFile,
  projects: ReadonlyMap<string, ManifestFile>,
  folders: ReadonlyMap<string, ManifestFile[]>,
): Problem[] {
  const path = text(application.object, 'spec.source.path') ?? '';
  const files = folders.get(path);
  const problems = files ? [] : [broken(application, 'spec.source.path', path, 'a folder of the tree', 'correct the path')];
  const name = text(application.object, 'spec.project') ?? '';
  const project = projects.get(name);
  if (!project) return [...problems, broken(application, 'spec.project', name, 'an AppProject of the tree', 'render the project')];
  return [...problems, ...checkAllowed(application, project), ...(files ?? []).flatMap((file) => checkObject(application, project, file))];
}

function checkAllowed(application: ManifestFile, project: ManifestFile): Problem[] {
  const { object } = application;
  const problems: Problem[] = [];
  const repository = read(object, 'spec.source.repoURL');
  if (!items(project.object, 'spec.sourceRepos').includes(repository)) {
    problems.push(broken(application, 'spec.source.repoURL', repository, `allowed by ${project.path}`, 'correct one of them'));
  }
  const wave = 'metadata.annotations.argocd.argoproj.io/sync-wave';
  if (waveOf(project.object) >= waveOf(object)) {
    problems.push(broken(application, wave, waveOf(object), `later than ${waveOf(project.object)}, the wave of its project`, 'raise it'));
  }
  const destination = read(object, 'spec.destination');
  if (!allowsDestination(project.object, destination, text(destination, 'namespace'))) {
    problems.push(broken(application, 'spec.destination', destination, `allowed by ${project.path}`, 'correct one of them'));
  }
  return problems;
}

function checkObject(application: ManifestFile, project: ManifestFile, file: ManifestFile): Problem[] {
  const { object } = file;
  if (!allowsKind(project.object, object)) {
    return [broken(file, 'kind', object.kind, `allowed by ${project.path}`, 'render the project again')];
  }
  const { namespace } = object.metadata;
  if (isClusterScoped(object.kind) || allowsDestination(project.object, read(application.object, 'spec.destination'), namespace)) return [];
  return [broken(file, 'metadata.namespace', namespace, `a destination of ${project.path}`, 'correct the namespace')];
}

function allowsDestination(project: KubernetesObject, destination: unknown, namespace: string | undefined): boolean {
  const [server, name] = [text(destination, 'server'), text(destination, 'name')];
  return items(project, 'spec.destinations').some((allowed) => {
    const isCluster =
      (server !== undefined && text(allowed, 'server') === server) || (name !== undefined && text(allowed, 'name') === name);
    return isCluster && namespace !== undefined && text(allowed, 'namespace') === namespace;
  });
}

function allowsKind(project: KubernetesObject, object: KubernetesObject): boolean {
  const [scope, isCluster] = isClusterScoped(object.kind) ? ['clusterResource', true] : ['namespaceResource', false];
  const isListed = (list: string) =>
    items(project, `spec.${scope}${list}`).some((entry) => {
      const name = text(entry, 'name');
      return (
        text(entry, 'group') === groupOf(object) &&
        text(entry, 'kind') === object.kind &&
        (!isCluster || name === undefined || name === object.metadata.name)
      );
    });
  return isListed('Whitelist') && !isListed('Blacklist');
}
