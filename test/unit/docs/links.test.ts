import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const pages = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(ROOT, path)));

/** Text of a page without code, in which brackets mean other things. */
function prose(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
    .replaceAll(/^```.*?^```/gms, '')
    .replaceAll(/`[^`\n]*`/g, '');
}

/** Anchors that GitHub and others make of a page's headings. */
function anchors(path: string): readonly string[] {
  const headings = readFileSync(join(ROOT, path), 'utf8').matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, text = '']) =>
    text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

function linksOf(path: string): readonly string[] {
  const found = prose(path).matchAll(/!?\[[^\]]*\]\(<?([^)\s>]+)>?[^)]*\)/g);
  return [...found].map(([, target = '']) => target).filter((target) => !/^[a-z]+:/.test(target));
}

/** What is wrong with a link from a page; null if it leads somewhere. */
function brokenness(page: string, link: string): string | null {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? page : join(dirname(page), decodeURIComponent(file));
  if (!existsSync(join(ROOT, target))) return `${page} links to ${link}, which is not there`;
  if (anchor !== undefined && target.endsWith('.md') && !anchors(target).includes(anchor))
    return `${page} links to ${link}, which has no such heading`;
  return null;
}

describe('the documentation', () => {
  it('has pages to look at', () => {
    expect(pages).toContain('README.md');
    expect(pages.length).toBeGreaterThan(15);
  });

  it.each(pages)('%s links only to what is there', (page) => {
    expect(linksOf(page).flatMap((link) => brokenness(page, link) ?? [])).toEqual([]);
  });

  it.each(pages.filter((page) => page.startsWith('docs/')))('%s can be reached from another page', (page) => {
    const leading = pages.filter(
      (other) =>
        other !== page &&
        linksOf(other).some((link) => join(dirname(other), link.split('#')[0] ?? '') === page),
    );
    expect(leading).not.toEqual([]);
  });
});
