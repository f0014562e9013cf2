// The dashboard's beginning: styles, then the page.
import '@fontsource-variable/geist/wght.css';
import './style/base.css';
import './style/controls.css';
import './style/views.css';
import './style/messages.css';
import './style/items.css';
import './style/sources.css';
import './style/forwarding.css';
import { render } from 'preact';
import { App } from './app.tsx';

const root = document.getElementById('root');
if (root !== null) render(<App />, root);
