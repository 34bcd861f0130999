import assert from 'node:assert/strict';
import {test} from 'node:test';
import {formatChecked, formatOf} from './formats.ts';

const cases: readonly [format: string, valid: string[], invalid: string[]][] = [
  ['bsonobjectid', ['507f1f77bcf86cd799439011'], ['507f1f77bcf86cd79943901', 'x']],
  [
    'uri',
    ['http://a.b/c?d#e', '/a', 'mailto:a@b', 'http://[::1]:80/', 'x:'],
    ['', 'a', 'http://a b/', '/%zz', ':a', '1a:b', 'http://a:b/', '/\n'],
  ],
  ['email', ['a@b.c', 'A B <a@b.c>', '"a b"@c', 'ä@ö'], ['a', 'a@', '@b', 'a b@c', 'a@b@c']],
  [
    'hostname',
    ['a', 'example.com', 'a-b.example.com', 'ö.example.com'],
    ['', '-a', 'a_b.com', '1.2.3.4', 'my-host', 'a..b', `${'a'.repeat(64)}.com`],
  ],
  ['ipv4', ['1.2.3.4', '::ffff:1.2.3.4'], ['1.2.3', '1.2.3.256', '1.2.3.4.5', '::1']],
  [
    'ipv6',
    ['::', '::1', '1:2:3:4:5:6:7:8', 'fe80::1', '::ffff:1.2.3.4', '1::'],
    ['1.2.3.4', ':::', '1:2', '1:2:3:4:5:6:7:8:9', '1::2::3', 'fe80::1%eth0', 'g::'],
  ],
  ['cidr', ['10.0.0.0/8', '::/0', '1.2.3.4/32'], ['10.0.0.0', '10.0.0.0/33', '::/129', '/8', '10.0.0.0/x']],
  [
    'mac',
    ['00:00:5e:00:53:01', '00-00-5e-00-53-01', '0000.5e00.5301', '00005e005301', '02:00:5e:10:00:00:00:01'],
    ['00:00', '00:00:5e-00:53:01', 'zz:00:5e:00:53:01'],
  ],
  ['uuid', ['123e4567-e89b-12d3-a456-426614174000', '123E4567E89B12D3A456426614174000'], ['123e4567', 'x']],
  ['uuid3', ['123e4567-e89b-32d3-a456-426614174000'], ['123e4567-e89b-42d3-a456-426614174000']],
  ['uuid4', ['123e4567-e89b-42d3-a456-426614174000'], ['123e4567-e89b-42d3-c456-426614174000']],
  ['uuid5', ['123e4567-e89b-52d3-a456-426614174000'], ['123e4567-e89b-12d3-a456-426614174000']],
  ['isbn', ['0321751043', '978-0321751041'], ['0321751044', '1']],
  ['isbn10', ['0321751043'], ['978-0321751041']],
  ['isbn13', ['978-0321751041'], ['0321751043', '978-0321751042']],
  ['creditcard', ['4111 1111 1111 1111'], ['4111 1111 1111 1112', '1']],
  ['ssn', ['123-45-6789', '123 45 6789'], ['123456789', '123-45-678']],
  ['hexcolor', ['#fff', 'FFFFFF'], ['#ffff', 'red']],
  ['rgbcolor', ['rgb(0, 1,255)'], ['rgb(0,1)', 'rgb(0,1,256)', 'rgb(0,1,2,3)', 'rgb(00,1,2)']],
  ['byte', ['aGVsbG8=', 'YWJj'], ['', 'aGVsbG8', 'a===', '!!!!']],
  ['password', ['', 'anything'], []],
  ['date', ['2024-02-29'], ['2023-02-29', '2024-1-1', '2024-13-01', '2024-00-10']],
  ['duration', ['1h30m', '22 ns', '-1.5s', '2 days', '0', '5 minutes'], ['', 'x', '5', '5 parsecs']],
  [
    'date-time',
    ['2014-12-15T19:30:20.000Z', '2014-12-15t19:30:20+01:00', '2014-12-15T19:30:20z'],
    ['2014-12-15', '2014-12-15T25:30:20Z', '2014-12-15T19:30:20', '2014-02-30T19:30:20Z'],
  ],
  ['k8s-short-name', ['a-b', '1'], ['A', '-a', 'a.b', 'a'.repeat(64)]],
  ['k8s-long-name', ['a-b.c', `${'a'.repeat(100)}.b`], ['A', 'a..b', 'a'.repeat(254)]],
];

for (const [format, valid, invalid] of cases) {
  test(`format ${format}`, () => {
    const check = formatChecked(format)!;
    for (const text of valid) assert.ok(check(text), `${JSON.stringify(text)} should be a ${format}`);
    for (const text of invalid) assert.ok(!check(text), `${JSON.stringify(text)} should be no ${format}`);
  });
}

test('formats belong to types', () => {
  assert.equal(formatOf({type: 'string', format: 'date-time'}), 'date-time');
  assert.equal(formatOf({format: 'datetime'}), 'datetime');
  assert.equal(formatOf({type: 'string', format: 'int32'}), undefined);
  assert.equal(formatOf({type: 'integer', format: 'int32'}), 'int32');
  assert.equal(formatOf({type: 'integer', format: 'date'}), undefined);
  assert.equal(formatOf({type: 'number', format: 'double'}), 'double');
  assert.equal(formatOf({type: 'string', format: 'constructor'}), undefined);
});

test('long hostile texts take no long time', () => {
  const started = performance.now();
  for (const [format] of cases)
    for (const text of ['1'.repeat(100_000), 'a'.repeat(100_000), 'a-'.repeat(50_000), ' '.repeat(100_000), '1 '.repeat(50_000)])
      formatChecked(format)!(text);
  assert.ok(performance.now() - started < 20_000);
});
