<?php
// NETWORK ADDRESS FILE FROM TO...: hands in FILE over a stream of PHP, a command at a time, as mailers written in it do.
[, $network, $address, $file, $from] = $argv;
$s = stream_socket_client(($network === 'unix' ? 'unix://' : 'tcp://') . $address, $errno, $error, 60) or exit("$error\n");
function ask($s, $command, $want) {
    if ($command !== null) fwrite($s, "$command\r\n");
    do { $line = fgets($s); } while ($line !== false && substr($line, 3, 1) === '-');
    if ($line === false || strncmp($line, $want, 1)) { fwrite(STDERR, "$command: $line"); exit(1); }
}
ask($s, null, '2');
ask($s, 'EHLO [127.0.0.1]', '2');
ask($s, "MAIL FROM:<$from>", '2');
foreach (array_slice($argv, 5) as $to) ask($s, "RCPT TO:<$to>", '2');
ask($s, 'DATA', '3');
foreach (file($file) as $line) {
    if ($line[0] === '.') $line = ".$line";
    fwrite($s, rtrim($line, "\r\n") . "\r\n");
}
ask($s, '.', '2');
ask($s, 'QUIT', '2');
