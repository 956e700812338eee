/** The wall's page: `wall-config` and `words` come from the server as JSON blocks. */
import { mount } from "svelte";
import App from "./App.svelte";
import type { WallConfig } from "./types";
import "./flat.css";
import "./wall.css";
import "./alarms.css";
import "./warnings.css";

const target = document.getElementById("wall");
const block = document.getElementById("wall-config");
if (target && block?.textContent) mount(App, { target, props: { config: JSON.parse(block.textContent) as WallConfig } });
