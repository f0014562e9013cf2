// Light, dark, or as the system has it; the choice is kept in this browser.
import { useEffect, useState } from 'preact/hooks';
import { Icon, type IconName } from './icon.tsx';

const KEY = 'oncebox.theme';
const THEMES = ['auto', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];
const ICONS: Record<Theme, IconName> = { auto: 'auto', light: 'sun', dark: 'moon' };

function stored(): Theme {
  return THEMES.find((theme) => theme === localStorage.getItem(KEY)) ?? 'auto';
}

/** Sets the theme before the first paint. */
function applyTheme(theme: Theme = stored()): void {
  if (theme === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

applyTheme();

export function ThemeButton() {
  const [theme, setTheme] = useState(stored);
  useEffect(() => applyTheme(theme), [theme]);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] as Theme;
  const change = (): void => {
    localStorage.setItem(KEY, next);
    setTheme(next);
  };
  return (
    <button
      class="icon-button"
      type="button"
      onClick={change}
      aria-label={`Theme: ${theme}. Change to ${next}`}
      title={`Theme: ${theme}`}
    >
      <Icon name={ICONS[theme]} />
    </button>
  );
}

/** A number that changes whenever the colours of the page do, for what is painted on a canvas. */
export function useThemeVersion(): number {
  const [version, setVersion] = useState(0);
  useEffect(() => {
    const changed = (): void => setVersion((before) => before + 1);
    const system = window.matchMedia('(prefers-color-scheme: dark)');
    const observer = new MutationObserver(changed);
    observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    system.addEventListener('change', changed);
    return () => {
      observer.disconnect();
      system.removeEventListener('change', changed);
    };
  }, []);
  return version;
}
