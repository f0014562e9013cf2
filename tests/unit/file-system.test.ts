// Which types of file system are taken for another machine's disk.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { networkFileSystem, remoteName } from '../../app/storage/sqlite/file/file-system.ts';

describe('the type of a file system', () => {
  // The numbers are those of statfs(2) and of linux/magic.h; 32-bit ones also as a machine gives them that extends the sign.
  const remote: [name: string, type: number, said: RegExp][] = [
    ['NFS', 0x6969, /NFS/],
    ['SMB', 0x517b, /SMB/],
    ['SMB2', 0xfe534d42, /SMB/],
    ['SMB2, sign extended', 0xfe534d42 - 2 ** 32, /SMB/],
    ['CIFS', 0xff534d42, /CIFS/],
    ['sshfs', 0x65735546, /FUSE/],
    ['Ceph', 0x00c36400, /Ceph/],
    ['9p', 0x01021997, /9p/],
  ];
  for (const [name, type, said] of remote) {
    it(`is warned about: ${name}`, () => assert.match(remoteName(type) ?? '', said));
  }

  const local: [name: string, type: number][] = [
    ['ext4', 0xef53],
    ['XFS', 0x58465342],
    ['Btrfs', 0x9123683e],
    ['tmpfs', 0x01021994],
    ['overlayfs', 0x794c7630],
    ['ZFS', 0x2fc12fc1],
  ];
  for (const [name, type] of local) {
    it(`is not warned about: ${name}`, () => assert.equal(remoteName(type), null));
  }

  it('of a path that is not there is no reason to fail', () => {
    assert.equal(networkFileSystem('/no/such/place'), null);
  });
});
