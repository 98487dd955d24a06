/** An autoscaler without metrics keeps the number of pods: nothing is wrong with that on a machine that has no metrics server. */
const autoscalerHealth = `hs = { status = "Progressing", message = "" }
if obj.status ~= nil and obj.status.conditions ~= nil then
  hs.status = "Healthy"
  for _, condition in ipairs(obj.status.conditions) do
    if condition.type == "AbleToScale" and condition.status == "False" then
      hs = { status = "Degraded", message = condition.message }
    elseif condition.type == "ScalingActive" and condition.status == "False" then
      hs.message = "without metrics, the number of pods stays as it is"
    end
  end
end
return hs
`;

/**
 * Argo CD of the local environment: one for all environments, on one node. What is sized for a real cluster does not apply; where Argo CD
 * lives does, as the manifests name it.
 */
export function localArgoCd(stated: unknown): Readonly<Record<string, unknown>> {
  const { namespace } = typeof stated === 'object' && stated !== null ? (stated as { readonly namespace?: unknown }) : {};
  const config = { 'argocd-cm': { 'resource.customizations.health.autoscaling_HorizontalPodAutoscaler': autoscalerHealth } };
  return { ...(namespace !== undefined && { namespace }), admin: true, config };
}
