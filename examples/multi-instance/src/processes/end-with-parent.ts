// Loaded into every child before its own code: ends it when the demo is gone, however that came about. The kernel closes
// the channel also after kill -9.
process.on('disconnect', () => process.exit());
// Listening must not keep a child alive that has come to its own end.
process.channel?.unref();
