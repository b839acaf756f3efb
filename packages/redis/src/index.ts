export { type LuaScript, luaScript } from './lua-script.ts';
