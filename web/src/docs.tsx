// The page of the API: what /openapi.json says, to read and to try, with requests to the webhook signed here.
import '@fontsource-variable/geist/wght.css';
import './style/base.css';
import './style/controls.css';
import './style/docs.css';
import { render } from 'preact';
import { Docs } from './views/docs.tsx';

const root = document.getElementById('root');
if (root !== null) render(<Docs />, root);
