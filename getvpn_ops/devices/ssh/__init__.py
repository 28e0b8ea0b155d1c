"""SSH by a C library, or by paramiko: engines, what a session needs of them, and Netmiko's driver on top.

``opening`` reaches a device and logs in, by an ``engine`` on a ``wire``; ``terminal`` types and reads, ``answer`` knows
where an output ends; ``driver`` is a Netmiko connection over all that.

Which engine
============

``libssh`` is the default: libssh 0.11.3 by ssh-python 1.2.0 (LGPL-2.1). ``paramiko`` (LGPL-2.1) may be chosen for all
devices or for one. What is chosen is used or the session fails: there is no fallback. Three C libraries were tried.
``benchmarks/ssh_engines.py`` repeats the figures: 100 threads, 500 to 1,000 sessions of login, three show commands and
out, on 2 cores that others used as well, so only large differences mean something.

=====================  ==================  ==================  ======================================================
raw shell over         IOS-XE 17, a        IOS 12.4, a         and
                       second; CPU ms      second; CPU ms
=====================  ==================  ==================  ======================================================
libssh2, ssh2-python   162-258; 1.4-2.7    67-138; 4.8-6.1     fastest where the key exchange is on elliptic curves
libssh, ssh-python     122-190; 1.7-2.9    140-213; 2.3-3.2    fastest where it is not (group 14 and 1)
ansible-pylibssh       11-15; 5.0-5.2      cannot log in       holds the interpreter's lock in every call
paramiko 5             99-160; 3.9-8.8     cannot log in       knows no SHA-1
=====================  ==================  ==================  ======================================================

Over libssh our driver had 141-186 sessions a second on IOS-XE 17 and 114-147 on 12.4, at 3.4-5.2 ms of CPU and 78 MiB;
stock Netmiko over paramiko 57-79 at 9.7-11.9 ms, and none on 12.4. In one thread our driver takes no more CPU than the
raw shell over the same library. 20 times 1,000 sessions, of which seven in ten met a fault, left no descriptor and no
thread behind, and none hung.

Why libssh and not libssh2, which is as fast:

- libssh2 1.11.1 overflows its heap when an RSA key logs in (from a file or an agent) and the server lists a signature
  algorithm twice in ``server-sig-algs``, as the lab's own SSH server does: the process dies. It is fixed upstream
  (libssh2 pull request 1885), and no release has it. RSA is what IOS takes for keys.
- A server can write to the heap of a client before login (CVE-2026-55200, by way of chacha20-poly1305); fixed upstream,
  in no release and in no wheel.
- ssh2-python calls the agent, and keyboard-interactive, with the interpreter's lock held: an agent that hangs stops all
  sessions. It cannot say how wide a terminal is, nor why two sides have no algorithm in common.

What libssh needs, and gets here:

- It closes the descriptor it is given, so it gets a copy; two sessions can never close each other's.
- It reads ``~/.ssh/config`` and ``known_hosts`` unless told not to; it is told.
- Its agent client blocks without bound; a relay answers it within the stop. Everything else is non-blocking, waits on
  the wire with the stop, and so ends by deadline or cancel wherever it is.
- SHA-1, ``ssh-rsa`` and CBC must be named; they are, last in order, for 12.4. AES-GCM is left out (CVE-2026-59847).
- The wheel brings its own libssh and OpenSSL 3.4.0, which the distribution does not patch. Where that matters, build it
  against the system's (``SYSTEM_LIBSSH=1 pip install --no-binary ssh-python ssh-python``), or choose ``paramiko``.

A session belongs to one thread at a time: neither library lets two threads into one.
"""
