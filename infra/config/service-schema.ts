import { z } from 'zod';
import type { Allowance, Autoscaling, IngressSettings, Resources, ServiceSettings } from '../../charts/environment.ts';
import { checkEnv } from '../../charts/validate/env.ts';
import { checkAnnotations } from '../../charts/validate/label.ts';
import { checkHost, checkName } from '../../charts/validate/name.ts';
import { checkReplicas, type Range } from '../../charts/validate/number.ts';
import { checkUrlPath } from '../../charts/validate/path.ts';
import { checkAllowance, checkQuantity, type Resource } from '../../charts/validate/quantity.ts';

import { integer, judge, string, stringMap } from './leaf.ts';

/** Requests and limits of a pod whose stack file states none. */
const defaultResources: Resources = {
  cpu: { request: '50m', limit: '500m' },
  memory: { request: '64Mi', limit: '128Mi' },
  ephemeralStorage: { request: '16Mi', limit: '64Mi' },
};

/** What a stack file may say about one service. */
export function serviceSchema(range: Range): z.ZodType<ServiceSettings> {
  const settings = z.strictObject({
    replicas: replicas('Number of pods; not together with autoscaling', range).optional(),
    autoscaling: autoscaling(range).optional(),
    resources: resources(),
    env: stringMap('Plain environment variables; never secrets', checkEnv).default({}),
    ingress: ingress().optional(),
  });
  return judge(settings, ({ replicas, autoscaling }) =>
    replicas === undefined || autoscaling === undefined
      ? []
      : [{ code: 'E_REPLICAS', field: '.replicas', value: replicas, rule: 'not together with autoscaling', fix: 'remove one of the two' }],
  ).transform(({ replicas, ...rest }) => ({ replicas: replicas ?? rest.autoscaling?.min ?? range.min, ...rest }));
}

function replicas(description: string, range: Range): z.ZodType<number> {
  return integer(description, range, (field, value) => checkReplicas(field, value, range));
}

function autoscaling(range: Range): z.ZodType<Autoscaling> {
  const settings = z.strictObject({
    min: replicas('Fewest pods', range),
    max: replicas('Most pods', range),
    cpuPercent: integer('Average CPU use to keep, percent of the request', { min: 1, max: 100 }).default(75),
  });
  return judge(settings, ({ min, max }) =>
    min <= max
      ? []
      : [{ code: 'E_REPLICAS', field: '.min', value: min, rule: `at most the maximum, which is ${max}`, fix: 'swap the two' }],
  );
}

function resources(): z.ZodType<Resources> {
  const { cpu, memory, ephemeralStorage } = defaultResources;
  return z
    .strictObject({
      cpu: allowance('CPU', 'cpu', cpu),
      memory: allowance('Memory', 'memory', memory),
      ephemeralStorage: allowance('Disk', 'memory', ephemeralStorage),
    })
    .prefault({});
}

function allowance(what: string, resource: Resource, fallback: Allowance) {
  const quantity = (bound: string) => string(`${what} ${bound} of each pod`, (field, value) => checkQuantity(field, value, resource));
  const both = z.strictObject({ request: quantity('request'), limit: quantity('limit') });
  return judge<Allowance>(both, (value) => checkAllowance('', value, resource)).default(fallback);
}

function ingress(): z.ZodType<IngressSettings> {
  return z.strictObject({
    host: string('DNS name, like hello.example.com', checkHost),
    path: string('URL path prefix', checkUrlPath).default('/'),
    className: string('IngressClass', checkHost),
    tlsSecret: string('Secret with the certificate; none means plain HTTP', checkHost).optional(),
    annotations: stringMap('Settings of the load balancer, as its ingress controller reads them', checkAnnotations).default({}),
    controllerNamespace: string('Namespace of the ingress controller: let through to the pods', checkName),
  });
}
