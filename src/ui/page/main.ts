document.title = 'instance-sync';
export {};
