// NETWORK ADDRESS FILE FROM TO...: hands in FILE with nodemailer, three times at once over a pool or once over a socket.
const net = require('net'), fs = require('fs'), nodemailer = require('nodemailer');
const [network, address, file, from, ...to] = process.argv.slice(2);
const mail = () => ({envelope: {from, to}, raw: fs.readFileSync(file)});
const options = {ignoreTLS: true, name: 'localhost'};
if (network === 'unix') {
  Object.assign(options, {connection: net.connect(address)});
} else {
  const at = address.lastIndexOf(':');
  Object.assign(options, {host: address.slice(0, at), port: +address.slice(at + 1), pool: true, maxConnections: 2});
}
const transport = nodemailer.createTransport(options);
const sends = network === 'unix' ? [mail()] : [mail(), mail(), mail()];
Promise.all(sends.map(m => transport.sendMail(m))).then(
  () => transport.close(),
  e => { console.error(e); process.exit(1); });
