/** The connection that vagrant-libvirt takes unless its Vagrantfile says otherwise: LIBVIRT_DEFAULT_URI, or the system's. */
export function connectionUri(): string {
  return process.env.LIBVIRT_DEFAULT_URI ?? 'qemu:///system';
}
