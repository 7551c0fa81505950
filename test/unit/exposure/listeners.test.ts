import { describe, expect, it } from 'vitest';
import {
  beyondLoopback,
  parseNetstat,
  parseProcNet,
  showListener,
} from '../../../reconciler/exposure/listeners.ts';

/** Linux 6.18: sockets listening on every address, on loopback (two of them) and on one address of the host; and one connection. */
const PROC_TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   2: 0100007F:A687 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1294555 1 0000000041a8d27f 100 0 0 10 0
   3: 3500007F:A445 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1294554 1 00000000768d5ee9 100 0 0 10 0
   4: 020200C0:A4EF 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1294556 1 00000000f78b9bf0 100 0 0 10 0
   6: 00000000:A4EE 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1294553 1 00000000f4e40091 100 0 0 10 0
1030: 0100D50A:9128 7643D50A:0016 01 00000000:00000000 00:00000000 00000000     0        0 1292794 3 00000000928d4fbf 21 4 1 100 -1
`;

/** Linux 6.18: on every address, on loopback in both forms, and on one address of the host. */
const PROC_TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 000000FD000000000000000002000000:A4F0 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1294560 1 0000000022d5a158 100 0 0 10 0
   1: 0000000000000000FFFF00000100007F:A689 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1294559 1 00000000a4ed30d5 100 0 0 10 0
   2: 00000000000000000000000001000000:A688 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1294558 1 00000000125d0afe 100 0 0 10 0
   3: 00000000000000000000000000000000:A426 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1294557 1 00000000b17cf0a0 100 0 0 10 0
`;

/** Written in the form that macOS's `netstat -anlW -p tcp` prints, not recorded from it. */
const NETSTAT = `Active Internet connections (including servers)
Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)
tcp4       0      0  *.2222                 *.*                    LISTEN
tcp46      0      0  *.5000                 *.*                    LISTEN
tcp4       0      0  192.168.1.5.2223       *.*                    LISTEN
tcp4       0      0  127.0.0.1.631          *.*                    LISTEN
tcp6       0      0  ::1.631                *.*                    LISTEN
tcp6       0      0  fe80::1%lo0.8021       *.*                    LISTEN
tcp6       0      0  fe80::14f4:2a1f:9d0c:77e1%en0.2224 *.*       LISTEN
tcp4       0      0  192.168.1.5.22         192.168.1.9.54321      ESTABLISHED
tcp6       0      0  *.22                   *.*                    LISTEN
tcp4       0      0  *.22                   *.*                    LISTEN
`;

const beyond = (listeners: Parameters<typeof beyondLoopback>[0]) =>
  beyondLoopback(listeners).map(showListener);

describe('the sockets that others may reach', () => {
  it('are read from what Linux says of IPv4', () => {
    expect(beyond(parseProcNet(PROC_TCP)).toSorted()).toEqual(['0.0.0.0:42222', '192.0.2.2:42223']);
  });

  it('are read from what Linux says of IPv6, where loopback has two forms', () => {
    expect(beyond(parseProcNet(PROC_TCP6)).toSorted()).toEqual(['[::]:42022', '[fd00::2]:42224']);
  });

  it('are read from what netstat says on macOS, whose loopback has a link-local address too', () => {
    expect(beyond(parseNetstat(NETSTAT))).toEqual([
      '0.0.0.0:2222',
      '[::]:5000',
      '192.168.1.5:2223',
      '[fe80::14f4:2a1f:9d0c:77e1%en0]:2224',
      '[::]:22',
      '0.0.0.0:22',
    ]);
  });

  it('are none where the text says nothing of sockets', () => {
    expect([parseProcNet(''), parseProcNet('garbage\n'), parseNetstat('netstat: sysctl: failed\n')]).toEqual([
      [],
      [],
      [],
    ]);
  });
});
