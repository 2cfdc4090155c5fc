import type { EngageManifestProps } from './engage-manifest-props'

/** Props of a construct as those that every manifest has, and its own. */
export function splitProps<T extends EngageManifestProps>(
  props: T,
): { common: EngageManifestProps; own: Omit<T, keyof EngageManifestProps> } {
  const { name, namespace, labels, annotations, backend, provider, dependsOn, waitForReady, ...own } = props
  return { common: { name, namespace, labels, annotations, backend, provider, dependsOn, waitForReady }, own }
}
