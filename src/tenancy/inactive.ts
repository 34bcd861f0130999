import type {KubeObject} from '../api/object.ts';
import {annotations} from './names.ts';

/** Whether a LogicalCluster is marked inactive: its workspace keeps everything and answers nothing (spec kcp 3.9). */
export const isInactive = ({metadata}: KubeObject): boolean =>
  metadata.annotations?.[annotations.inactive] === 'true' || metadata.annotations?.[annotations.inactiveBefore] === 'true';
