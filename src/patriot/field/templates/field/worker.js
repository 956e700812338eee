{% load assets %}importScripts("{% asset_url 'field-worker' %}");
