// Package compare runs the same work against several S3 servers on this machine, in
// turn, and prints how they compare.
//
// How it stays fair:
//
//   - every server has a fresh directory on the same file system and its own
//     defaults, save what [Servers] says; how each keeps what it was given is
//     printed beside its name;
//   - one server works at a time: the others are stopped (SIGSTOP), so that their
//     background work does not fall into a neighbour's time;
//   - the file system is synced before each turn, so that nobody pays for pages
//     that another left dirty. It follows that a server which never syncs does not pay for
//     its own either: read its figures beside its durability;
//   - the order turns with each item and each round; medians are taken over rounds;
//   - processor time, memory and bytes written are read from /proc after the server
//     has come to rest, so that work put off past the answer is counted.
//
// Client and servers share the machine, so figures are for comparing, not for
// quoting.
package compare
